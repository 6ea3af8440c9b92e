-- What each buyer of an area answers on social considerations, since the question exists; small buyers are left out.
SELECT
    max(acheteur_nom) AS acheteur_nom, acheteur_id, count(*) AS marches,
    count(*) FILTER (social IN ('oui', 'aucune')) AS declares, count(*) FILTER (social = 'oui') AS oui
FROM ({contrats}) WHERE annee >= 2024
GROUP BY acheteur_id HAVING count(*) >= $fewest
ORDER BY declares / count(*) DESC, marches DESC, acheteur_id
