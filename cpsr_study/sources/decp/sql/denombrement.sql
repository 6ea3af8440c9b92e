-- What the figures of both geographies are made of: the contracts read once, and a number for each buyer, from 0.
CREATE OR REPLACE TEMP TABLE comptes AS
SELECT annee, siege_departement, siege_region, lieu_departement, lieu_region, {comptes} FROM ({contrats}) GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE numeros AS
SELECT acheteur_id, (row_number() OVER () - 1)::INTEGER AS numero FROM (SELECT DISTINCT acheteur_id FROM ({contrats}));

SET VARIABLE dernier = (SELECT greatest(count(*) - 1, 0) FROM numeros);
