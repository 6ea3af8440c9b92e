-- France, metropolitan France, each région and each département, by year.
SELECT
    CASE WHEN GROUPING(dep) = 0 THEN 'DEP-' || dep
         WHEN GROUPING(reg) = 0 THEN 'REG-' || reg
         WHEN GROUPING(metropole) = 0 THEN 'FRMET' ELSE 'FR' END AS geo,
    annee, '' AS ventilation, '' AS categorie_de, {mesures}
FROM ({lieux})
GROUP BY GROUPING SETS ((annee), (annee, metropole), (annee, reg), (annee, dep))
HAVING NOT (GROUPING(dep) = 0 AND dep IS NULL) AND NOT (GROUPING(reg) = 0 AND reg IS NULL)
    AND NOT (GROUPING(metropole) = 0 AND metropole IS NOT TRUE)
