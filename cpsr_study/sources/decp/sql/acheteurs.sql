-- What each buyer of an area answers on social considerations, since the question exists; small buyers are left out, and
-- contracts that no file with this question holds: nobody was silent there.
SELECT
    max(acheteur_nom) AS acheteur_nom, acheteur_id, count(*) AS marches,
    count(*) FILTER (social IN ('oui', 'aucune')) AS declares, count(*) FILTER (social = 'oui') AS oui
FROM ({contrats}) WHERE annee >= 2024 AND question_posee
GROUP BY acheteur_id HAVING count(*) >= $fewest
ORDER BY declares / count(*) DESC, marches DESC, acheteur_id
