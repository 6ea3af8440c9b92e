-- The contracts of an EPCI or of a commune, in one of the two geographies ({lieu}: siege or lieu).
SELECT marches.* REPLACE (communes.departement AS {lieu}_departement)
FROM marches JOIN communes ON communes.dite = marches.{lieu}_commune
WHERE communes.{niveau} = {code}
