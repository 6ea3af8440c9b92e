-- What tells contracts apart in the counts, their number and their amount: one line for many contracts. The figures that
-- add up are made of these lines. Amounts are added in whole cents: the order of the rows cannot change a sum. An amount
-- set aside (absent, out of bounds, sentinel, repeated digits) stays in the counts and leaves the sums.
    social, clause, critere, reserve, accord_cadre, nature_dite, identique, siege_sirene,
    ecarte IS NOT NULL AS mis_a_part,
    count(*) AS n,
    sum(round(montant * 100)::HUGEINT) FILTER (ecarte IS NULL) AS centimes
