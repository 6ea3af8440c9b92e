-- One area, by year and by each breakdown, one at a time: no category of one bears the name of a category of another.
WITH
places AS NOT MATERIALIZED (
    SELECT contrats.*,
        CASE WHEN ecarte IS NOT NULL THEN 'taille_ecartee'
             WHEN montant < 40000 THEN 'moins_40k'
             WHEN montant < 90000 THEN 'de_40k_a_90k'
             WHEN montant < 500000 THEN 'de_90k_a_500k'
             WHEN montant < 5000000 THEN 'de_500k_a_5m'
             ELSE 'plus_5m' END AS taille,
        CASE WHEN ecarte IS NULL AND seuil IS NOT NULL
             THEN if(montant >= seuil, 'au_dessus_seuil', 'sous_seuil') END AS place_au_seuil
    FROM ({contrats}) AS contrats
    LEFT JOIN seuils ON seuils.jour = contrats.jour AND seuils.objet = CASE
        WHEN type = 'travaux' THEN 'travaux'
        WHEN categorie = 'etat' OR acheteur_id[1:1] = '1' THEN 'etat'
        ELSE 'collectivites' END
),
lignes AS (SELECT annee, type, categorie, procedure, taille, place_au_seuil, {comptes} FROM places GROUP BY ALL),
sommes AS (
    SELECT
        annee, coalesce(type, categorie, procedure, taille, place_au_seuil) AS categorie_de,
        CASE WHEN type IS NOT NULL THEN 'decp_type' WHEN categorie IS NOT NULL THEN 'decp_acheteur'
             WHEN procedure IS NOT NULL THEN 'decp_procedure' WHEN taille IS NOT NULL THEN 'decp_taille'
             ELSE 'decp_seuil' END AS ventilation,
        {mesures}
    FROM lignes GROUP BY {ventilations}
),
medianes AS (
    SELECT annee, coalesce(type, categorie, procedure, taille, place_au_seuil) AS categorie_de,
        median(montant) AS montant_median
    FROM places WHERE ecarte IS NULL AND NOT accord_cadre GROUP BY {ventilations}
)
SELECT * FROM sommes LEFT JOIN medianes USING (annee, categorie_de)
WHERE categorie_de IS NOT NULL  -- no threshold applies, or no amount
