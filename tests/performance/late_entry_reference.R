# Numbers of tests/reference/late_entry_r.json: concordance of patients who entered late.
# Run from tests/performance:  Rscript late_entry_reference.R
# Needs R with survival. Every entry carries the call that made it.
library(survival)

d <- read.csv("../reference/synth1000.csv")
d$id <- seq_len(nrow(d))
# Delayed entry for every third patient, and weights: the test builds the same columns.
d$entry <- ifelse(d$id %% 3 == 0, floor(d$time / 3), 0)
d$entry[d$entry >= d$time] <- 0
d$w <- rep(c(1, 2, 1.5, 0.5, 1), 200)

calls <- c(
  integer = "concordance(Surv(entry, time, event) ~ s1, d, reverse = TRUE)",
  real = "concordance(Surv(entry, time, event) ~ x1, d, reverse = TRUE)",
  strata = "concordance(Surv(entry, time, event) ~ s1 + strata(stratum), d, reverse = TRUE)",
  weights = "concordance(Surv(entry, time, event) ~ s1, d, weights = w, reverse = TRUE)",
  tau = "concordance(Surv(entry, time, event) ~ s1, d, ymax = 365, reverse = TRUE)"
)
number <- function(x) paste(formatC(x, digits = 17, format = "g"), collapse = ", ")
entry <- function(name) {
  f <- eval(parse(text = calls[[name]]))
  count <- f$count
  if (is.matrix(count)) count <- colSums(count)
  sprintf('  "%s": {"call": "%s", "estimate": %s, "std_error": %s, "count": [%s]}',
          name, calls[[name]], number(f$concordance), number(sqrt(f$var)), number(count))
}
meta <- sprintf('  "meta": {"notes": "late_entry_reference.R", "R": "%s", "survival": "%s"}',
                R.version.string, format(packageVersion("survival")))
writeLines(c("{", paste(c(meta, sapply(names(calls), entry)), collapse = ",\n"), "}"),
           "../reference/late_entry_r.json")
