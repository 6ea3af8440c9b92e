-- Some lines, each different state of a contract once: most contracts have only one, written again for each of their
-- titulaires. A state is known by two digests, of its contract and of its cells; where its first line is says which cells
-- to fetch later (retenues.sql): all of them need not be carried through the grouping.
CREATE OR REPLACE TEMP TABLE etats AS
WITH nommes AS (
    SELECT * REPLACE (siret(acheteur_id) AS acheteur_id, propre(id) AS id) FROM {lignes}
)
SELECT
    contrat,
    min(ligne) AS ligne, count(*) AS lignes, string_agg(titulaires, chr(31)) AS titulaires,
    any_value(base) AS base, any_value(bon) AS bon
FROM (
    SELECT
        hash(uid(acheteur_id, id)) AS contrat,
        hash({cellules}) AS etat,
        motif_de_rejet(acheteur_id, id, jour(date_premiere), propre(nature)) IS NULL AS bon,
        ligne, base, titulaires
    FROM nommes
)
GROUP BY contrat, etat;

CREATE OR REPLACE TEMP TABLE plusieurs AS
SELECT contrat FROM etats WHERE bon GROUP BY contrat HAVING count(*) > 1;
