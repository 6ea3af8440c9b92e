-- The lines of a CSV that are not cells, one row each: `fautives` as they are, `illisibles` as they are told.
CREATE TEMP TABLE fautives AS
SELECT line::BIGINT AS ligne, any_value(csv_line) AS csv_line, bool_or(error_type = 'UNQUOTED VALUE') AS unclosed,
    bool_or(error_type = 'INVALID ENCODING') AS garbled, bool_or(error_type LIKE 'LINE SIZE%') AS huge
FROM reject_errors GROUP BY line;

CREATE TEMP TABLE illisibles AS
SELECT ligne, left(csv_line, 200) AS texte,
    CASE WHEN garbled THEN 'caractères illisibles (encodage)'
         WHEN huge THEN 'ligne démesurée'
         WHEN unclosed THEN 'guillemet mal fermé'
         ELSE 'ligne qui n’a pas les colonnes du fichier' END AS motif
FROM fautives;
