# Numbers of tests/reference/survival_r.json.
# Run from tests/survival:  Rscript reference.R
# Needs R with survival, cmprsk and jsonlite. Every entry carries the call that made it.
library(survival)
library(cmprsk)
library(jsonlite)

d <- read.csv("../reference/synth1000.csv")
d$id <- seq_len(nrow(d))
# Delayed entry for every third patient, and weights: the tests build the same columns.
d$entry <- ifelse(d$id %% 3 == 0, floor(d$time / 3), 0)
d$entry[d$entry >= d$time] <- 0
d$w <- rep(c(1, 2, 1.5, 0.5, 1), 200)
d$state <- factor(d$cause, 0:2)
at <- c(30, 90, 180, 365)
new <- data.frame(x1 = c(0, 1), x2 = c(1, 0), x3 = c(0.5, -1), stratum = c(0, 3))
control <- coxph.control(eps = 1e-12, iter.max = 50, toler.chol = 1e-13)
lung <- transform(survival::lung, status = status - 1)
out <- list(versions = list(R = R.version.string, survival = format(packageVersion("survival")),
                            cmprsk = format(packageVersion("cmprsk"))))

add <- function(name, call, value) {
  out[[name]] <<- c(list(call = call), value)
}

# Kaplan-Meier -----------------------------------------------------------------------------------
km <- function(f) {
  s <- summary(f, times = at, rmean = 365)
  q <- quantile(f, c(0.25, 0.5, 0.75))
  list(survival = s$surv, std_error = s$std.err, lower = s$lower, upper = s$upper,
       quantile = q$quantile, quantile_lower = q$lower, quantile_upper = q$upper,
       rmst = unname(s$table[c("rmean", "se(rmean)")]))
}
add("km_lung", "survfit(Surv(time, status) ~ 1, lung, conf.type = 'log-log')",
    km(survfit(Surv(time, status) ~ 1, lung, conf.type = "log-log")))
add("km_synth", "survfit(Surv(time, event) ~ 1, d, conf.type = 'log-log')",
    km(survfit(Surv(time, event) ~ 1, d, conf.type = "log-log")))
add("km_entry", "survfit(Surv(entry, time, event) ~ 1, d, conf.type = 'log-log')",
    km(survfit(Surv(entry, time, event) ~ 1, d, conf.type = "log-log")))
add("km_weights", "survfit(Surv(time, event) ~ 1, d, weights = w, robust = FALSE)",
    km(survfit(Surv(time, event) ~ 1, d, weights = w, robust = FALSE, conf.type = "log-log")))
q <- function(t, e) unname(unlist(quantile(survfit(Surv(t, e) ~ 1, conf.type = "log-log"), 0.5)))
add("median_flat", "quantile(survfit(Surv(1:4, c(1,1,1,0)) ~ 1), .5)", list(value = q(1:4, c(1, 1, 1, 0))))
add("median_flat_end", "quantile(survfit(Surv(1:4, c(1,1,0,0)) ~ 1), .5)",
    list(value = q(1:4, c(1, 1, 0, 0))))
add("follow_up_synth", "quantile(survfit(Surv(time, 1 - event) ~ 1), .5)",
    list(value = q(d$time, 1 - d$event)))

# Log-rank ---------------------------------------------------------------------------------------
for (rho in c(0, 0.5, 1)) {
  s <- survdiff(Surv(time, event) ~ grp + strata(stratum), d, rho = rho)
  add(paste0("logrank_", rho), sprintf("survdiff(Surv(time, event) ~ grp + strata(stratum), rho = %g)", rho),
      list(chi2 = s$chisq, observed = rowSums(s$obs), expected = rowSums(s$exp), variance = s$var))
}

# Cox --------------------------------------------------------------------------------------------
zph <- function(f) {
  sapply(c("km", "identity", "log", "rank"),
         function(g) unname(cox.zph(f, transform = g)$table[, "chisq"]), simplify = FALSE)
}
cox <- function(f) {
  list(coef = unname(coef(f)), variance = unname(vcov(f)), loglik = f$loglik, score = f$score,
       wald = unname(f$wald.test), zph = zph(f), martingale = head(unname(resid(f, "martingale")), 10),
       deviance = head(unname(resid(f, "deviance")), 10),
       dfbeta = unname(head(as.matrix(resid(f, "dfbeta", weighted = TRUE)), 10)))
}
curve <- function(f) {
  s <- summary(survfit(f, newdata = new), times = at)
  list(survival = s$surv, std_error = s$std.err, lower = s$lower, upper = s$upper)
}
m <- coxph(Surv(time, event) ~ x1 + x2 + x3, d, control = control)
add("cox", "coxph(Surv(time, event) ~ x1 + x2 + x3, d)", c(cox(m), list(curve = curve(m))))
m <- coxph(Surv(time, event) ~ x1 + x2 + x3 + strata(stratum), d, control = control)
add("cox_strata", "coxph(... + strata(stratum), d); survfit(newdata) for strata 0 and 3",
    c(cox(m), list(curve = curve(m))))
m <- coxph(Surv(entry, time, event) ~ x1 + x2 + x3, d, control = control)
add("cox_entry", "coxph(Surv(entry, time, event) ~ x1 + x2 + x3, d)", c(cox(m), list(curve = curve(m))))
m <- coxph(Surv(entry, time, event) ~ x1 + factor(grp) + strata(stratum), d, control = control)
add("cox_factor", "coxph(Surv(entry, time, event) ~ x1 + factor(grp) + strata(stratum), d)", cox(m))
m <- coxph(Surv(time, event) ~ x1 + x2 + x3, d, weights = w, robust = FALSE, control = control)
add("cox_weights", "coxph(..., weights = w, robust = FALSE)", c(cox(m), list(curve = curve(m))))
m <- coxph(Surv(entry, time, event) ~ x1 + x2 + strata(stratum), d, weights = w, cluster = grp, control = control)
add("cox_cluster", "coxph(Surv(entry, time, event) ~ x1 + x2 + strata(stratum), d, weights = w, cluster = grp)",
    cox(m))
m <- coxph(Surv(time, event) ~ x1 + x2 + x3, d, ties = "breslow", control = control)
add("cox_breslow", "coxph(..., ties = 'breslow')", c(cox(m), list(curve = curve(m))))
m <- coxph(Surv(time, status) ~ age + sex + ph.ecog, lung, control = control)
add("cox_lung", "coxph(Surv(time, status) ~ age + sex + ph.ecog, lung)", cox(m))
m <- coxph(Surv(start, stop, event) ~ age + surgery + as.numeric(transplant), survival::heart,
           cluster = id, control = control)
add("cox_heart", "coxph(Surv(start, stop, event) ~ age + surgery + transplant, heart, cluster = id)", cox(m))

# Competing risks --------------------------------------------------------------------------------
aj <- function(f) {
  s <- summary(f, times = at)
  list(p = s$pstate, std_error = s$std.err)
}
add("aj", "survfit(Surv(time, state) ~ 1, d)", aj(survfit(Surv(time, state) ~ 1, d)))
add("aj_entry", "survfit(Surv(entry, time, state) ~ 1, d, id = id)",
    aj(survfit(Surv(entry, time, state) ~ 1, d, id = id)))
add("aj_weights", "survfit(Surv(time, state) ~ 1, d, weights = w, id = id)",
    aj(survfit(Surv(time, state) ~ 1, d, weights = w, id = id)))
g <- cuminc(d$time, d$cause, d$grp, d$stratum)
add("gray_stratified", "cuminc(time, cause, grp, stratum)$Tests", list(chi2 = unname(g$Tests[, 1])))
g <- cuminc(d$time, d$cause, d$stratum, rho = 1)
add("gray_rho1", "cuminc(time, cause, stratum, rho = 1)$Tests", list(chi2 = unname(g$Tests[, 1])))
p <- timepoints(cuminc(d$time, d$cause), at)
add("cuminc", "timepoints(cuminc(time, cause), c(30, 90, 180, 365))",
    list(est = unname(p$est), var = unname(p$var)))
x <- d[, c("x1", "x2", "x3")]
f <- crr(d$time, d$cause, x, gtol = 1e-12, maxiter = 50)
add("crr", "crr(time, cause, cbind(x1, x2, x3))",
    list(coef = unname(f$coef), variance = unname(f$var), loglik = c(f$loglik.null, f$loglik),
         predict = unname(predict(f, as.matrix(x[1:2, ]))[findInterval(at, f$uftime), 2:3])))
fg <- function(data, formula) {
  f <- coxph(formula, data, weights = fgwt, cluster = id, ties = "breslow", control = control)
  list(coef = unname(coef(f)), variance = unname(vcov(f)))
}
y <- Surv(fgstart, fgstop, fgstatus) ~ x1 + x2 + x3
add("finegray", "coxph(finegray(Surv(time, state) ~ .), weights, cluster = id, ties = 'breslow')",
    fg(finegray(Surv(time, state) ~ ., d, etype = "1"), y))
add("finegray_entry", "... finegray(Surv(entry, time, state) ~ ., id = id)",
    fg(finegray(Surv(entry, time, state) ~ ., d, etype = "1", id = id), y))
add("finegray_strata", "... finegray(Surv(time, state) ~ . + strata(grp)), coxph(... + strata(grp))",
    fg(finegray(Surv(time, state) ~ . + strata(grp), d, etype = "1"),
       update(y, . ~ . + strata(grp))))

# Weibull: a Royston-Parmar model without internal knots ---------------------------------------------
s <- survreg(Surv(time, event) ~ x1 + x2, d, control = list(rel.tolerance = 1e-14, maxiter = 100))
add("weibull", "survreg(Surv(time, event) ~ x1 + x2, d)",
    list(loglik = s$loglik[2], log_hazard_ratio = unname(-coef(s)[-1] / s$scale), shape = 1 / s$scale))

write_json(out, "../reference/survival_r.json", digits = 15, auto_unbox = TRUE, matrix = "rowmajor",
           na = "null", pretty = TRUE)
