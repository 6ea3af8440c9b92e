-- Where contracts are, in one of the two geographies ({lieu}: siege or lieu), through the official codes of the edition:
-- the areas that hold each, none when it has no known place there.
SELECT
    contrats.*, '{lieu}' AS geographie,
    departements.geo AS dep,
    coalesce(departements.region, regions.geo) AS reg,
    coalesce(departements.metropole, regions.metropole) AS metropole
FROM ({contrats}) AS contrats
LEFT JOIN departements ON departements.code = contrats.{lieu}_departement
LEFT JOIN regions ON regions.code = contrats.{lieu}_region
