-- One area, by year: as a whole, then by each breakdown, one at a time.
WITH places AS (
    SELECT *,
        CASE WHEN ecarte IS NOT NULL THEN 'taille_ecartee'
             WHEN montant < 40000 THEN 'moins_40k'
             WHEN montant < 90000 THEN 'de_40k_a_90k'
             WHEN montant < 500000 THEN 'de_90k_a_500k'
             WHEN montant < 5000000 THEN 'de_500k_a_5m'
             ELSE 'plus_5m' END AS taille,
        CASE WHEN ecarte IS NULL AND seuil IS NOT NULL
             THEN if(montant >= seuil, 'au_dessus_seuil', 'sous_seuil') END AS place_au_seuil
    FROM ({lieux}) WHERE {condition}
)
SELECT
    $geo AS geo, annee,
    CASE WHEN GROUPING(type) = 0 THEN 'decp_type' WHEN GROUPING(categorie) = 0 THEN 'decp_acheteur'
         WHEN GROUPING(procedure) = 0 THEN 'decp_procedure' WHEN GROUPING(taille) = 0 THEN 'decp_taille'
         WHEN GROUPING(place_au_seuil) = 0 THEN 'decp_seuil' ELSE '' END AS ventilation,
    CASE WHEN GROUPING(type) = 0 THEN type WHEN GROUPING(categorie) = 0 THEN categorie
         WHEN GROUPING(procedure) = 0 THEN procedure WHEN GROUPING(taille) = 0 THEN taille
         WHEN GROUPING(place_au_seuil) = 0 THEN place_au_seuil ELSE '' END AS categorie_de,
    {mesures}
FROM places
GROUP BY GROUPING SETS (
    (annee), (annee, type), (annee, categorie), (annee, procedure), (annee, taille), (annee, place_au_seuil))
HAVING categorie_de IS NOT NULL
