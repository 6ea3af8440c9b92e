-- The contracts of all the files, once each, with what the figures need. `versions` holds the normalised files,
-- `etablissements` the communes that Sirene gives to the SIRET that no file places, `muets` the contracts whose files
-- do not ask about social considerations.
WITH
reunis AS ({reunion}),
-- A file without seats (JSON, data.economie) takes those that another file gives for the same SIRET.
sieges AS (
    SELECT acheteur_id, max(acheteur) FILTER (acheteur.departement <> '') AS acheteur
    FROM reunis GROUP BY acheteur_id
),
dits AS (
    SELECT
        uid, reunis.acheteur_id, titulaires,
        premiere.jour AS jour,
        year(premiere.jour)::INTEGER AS annee,
        derniere.publication AS publication,
        nullif(premiere.montant, -1) AS montant_initial,
        nullif(derniere.montant, -1) AS montant,
        derniere.objet AS objet,
        simple(derniere.procedure) AS procedure_dite,
        try_cast(derniere.cpv[1:2] AS INTEGER) AS division,
        -- The last version may come from a file without the columns that tell.
        coalesce(est_accord_cadre(derniere, annee), cadre) AS dit_cadre,
        coalesce(dit_cadre, false) AS accord_cadre,
        dit_cadre IS NOT NULL AS nature_dite,
        coalesce(simple(declaree.sociale), '') AS sociale,
        muets.uid IS NULL AS question_posee,
        simple(derniere.lieu_type) AS lieu_type,
        upper(derniere.lieu_code) AS code,
        reunis.acheteur.nom AS acheteur_nom,
        coalesce(simple(nullif(reunis.acheteur.categorie, '')), simple(sieges.acheteur.categorie), '') AS categorie_dite,
        coalesce(nullif(reunis.acheteur.commune, ''), sieges.acheteur.commune) AS commune_dite,
        coalesce(commune_dite, etablissements.commune) AS siege_commune,
        commune_dite IS NULL AND etablissements.commune IS NOT NULL AS siege_sirene,
        coalesce(
            nullif(reunis.acheteur.departement, ''), sieges.acheteur.departement,
            departement_de_commune(etablissements.commune), departement_de_siren(reunis.acheteur_id)
        ) AS siege_departement,
        coalesce(nullif(reunis.acheteur.region, ''), sieges.acheteur.region) AS siege_region
    FROM reunis LEFT JOIN sieges USING (acheteur_id)
    LEFT JOIN etablissements ON etablissements.siret = reunis.acheteur_id
    LEFT JOIN muets USING (uid)
),
precises AS (
    SELECT
        * EXCLUDE (siege_commune, siege_departement, siege_region, code),
        CASE WHEN length(siege_commune) < 5 THEN lpad(siege_commune, 5, '0') ELSE siege_commune END AS siege_commune,
        lpad(upper(siege_departement), greatest(2, length(siege_departement))::INTEGER, '0') AS siege_departement,
        lpad(siege_region, 2, '0') AS siege_region,
        CASE WHEN lieu_type LIKE '%commune%' OR lieu_type LIKE '%postal%' THEN lpad(code, greatest(5, length(code))::INTEGER, '0')
             WHEN lieu_type LIKE '%departement%' OR lieu_type LIKE '%region%'
             THEN lpad(code, greatest(2, length(code))::INTEGER, '0')
             ELSE code END AS code
    FROM dits
)
SELECT
    uid, acheteur_id, acheteur_nom, titulaires, objet, jour, annee, publication, montant, montant_initial,
    accord_cadre, nature_dite,
    CASE WHEN montant IS NULL THEN 'absent'
         WHEN montant = 12311111111 THEN 'sentinelle'
         WHEN montant < 1 OR montant > 3e9 THEN 'hors bornes'
         WHEN starts_with(montant::BIGINT::VARCHAR, '123456789') THEN 'chiffres répétés'
         WHEN montant > 1e8 AND regexp_matches(
             montant::BIGINT::VARCHAR, '1{7}|2{7}|3{7}|4{7}|5{7}|6{7}|7{7}|8{7}|9{7}') THEN 'chiffres répétés'
    END AS ecarte,
    CASE WHEN division = 45 THEN 'travaux'
         WHEN division BETWEEN 50 AND 98 THEN 'services'
         WHEN division BETWEEN 1 AND 44 OR division = 48 THEN 'fournitures'
         ELSE 'type_inconnu' END AS type,
    categorie_d_acheteur(categorie_dite, acheteur_id) AS categorie,
    CASE WHEN procedure_dite LIKE '%adaptee%' THEN 'procedure_adaptee'
         WHEN procedure_dite LIKE '%sans publicite%' OR procedure_dite LIKE 'marche negocie sans%' THEN 'sans_publicite'
         WHEN procedure_dite LIKE '%ouvert%' THEN 'appel_offres_ouvert'
         WHEN procedure_dite LIKE '%restreint%' THEN 'appel_offres_restreint'
         WHEN procedure_dite LIKE '%negociation%' OR procedure_dite LIKE '%negociee%' THEN 'avec_negociation'
         WHEN procedure_dite LIKE '%dialogue%' THEN 'dialogue_competitif'
         ELSE 'procedure_inconnue' END AS procedure,
    -- A contract that says both « none » and something contradicts itself: it is neither a yes nor a no.
    CASE WHEN dit_oui(sociale) AND dit_non(sociale) THEN 'contradictoire'
         WHEN dit_oui(sociale) THEN 'oui'
         WHEN dit_non(sociale) THEN 'aucune'
         ELSE 'non_declaree' END AS social,
    question_posee,
    social = 'oui' AND sociale LIKE '%clause sociale%' AS clause,
    social = 'oui' AND dit_critere(sociale) AS critere,
    social = 'oui' AND dit_reserve(sociale) AS reserve,
    siege_commune, siege_departement, region_actuelle(siege_region) AS siege_region, siege_sirene,
    -- A code says nothing without its type: 28 is Normandie as a région and Eure-et-Loir as a département.
    CASE WHEN lieu_type LIKE '%commune%' THEN code END AS lieu_commune,
    CASE WHEN lieu_type LIKE '%commune%' THEN departement_de_commune(code)
         WHEN lieu_type LIKE '%postal%' THEN departement_de_postal(code)
         WHEN lieu_type LIKE '%departement%' THEN departement_dit(code)
         WHEN lieu_type LIKE '%arrondissement%' OR lieu_type LIKE '%canton%' THEN departement_de_commune(code)
    END AS lieu_departement,
    CASE WHEN lieu_type LIKE '%region%' THEN region_actuelle(code) END AS lieu_region,
    count(*) OVER (PARTITION BY acheteur_id, objet, montant, jour) > 1 AND montant IS NOT NULL
        AND objet <> '' AS identique
FROM precises
ORDER BY annee, uid
