-- The lines to reject, in the order of the file, with the reason.
SELECT ligne, coalesce(propre(id), '') AS texte,
    motif_de_rejet(siret(acheteur_id), propre(id), jour(date_premiere), propre(nature)) AS motif
FROM lignes WHERE base AND motif IS NOT NULL
