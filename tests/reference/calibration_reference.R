# Numbers behind calibration_r.json and pooling_r.json; run in this folder:
#   Rscript calibration_reference.R
# R 4.2.2 with survival 3.5-3, Hmisc 4.8-0, geepack 1.3.9, metafor 3.8-1, jsonlite.
suppressMessages({
  library(survival); library(geepack); library(metafor); library(jsonlite)
})
options(warn = -1)
all <- read.csv("calibration_risks.csv")
tight <- coxph.control(eps = 1e-15, toler.chol = 1e-20, iter.max = 100)
horizons <- c(lung = 180, colon = 1095, gbsg = 1095, synth1000 = 180)

curve <- function(d, p, t, nk) {
  x <- log(-log(1 - p))
  knots <- Hmisc::rcspline.eval(x, nk = nk, knots.only = TRUE)
  b <- Hmisc::rcspline.eval(x, knots = knots, inclx = TRUE)
  at <- quantile(p, c(.1, .5, .9), type = 1)
  nb <- Hmisc::rcspline.eval(log(-log(1 - at)), knots = knots, inclx = TRUE)
  # coxph doesn't converge to more than five to eight digits on nearly collinear columns, whatever its
  # control says: orthonormal ones span the same model.
  centre <- colMeans(b)
  q <- qr(sweep(b, 2, centre))
  back <- solve(qr.R(q))
  columns <- function(m) {
    m <- sweep(m, 2, centre) %*% back * sqrt(nrow(d))
    colnames(m) <- paste0("b", seq_len(ncol(m)))
    data.frame(m)
  }
  fitted <- data.frame(time = d$time, status = d$status, columns(b))
  f <- coxph(Surv(time, status) ~ ., fitted, control = tight)
  # A likelihood that is flat to the last digit ends the search early: try several starts and keep the
  # fit whose score is nearest to zero.
  score <- function(f) max(abs(colSums(as.matrix(residuals(f, "score")))))
  for (away in c(1, 1.01, .99, 1.001, 1.1, .9)) {
    g <- coxph(Surv(time, status) ~ ., fitted, init = coef(f) * away, control = tight)
    if (score(g) < score(f)) f <- g
  }
  coefficients <- as.numeric(back %*% coef(f)) * sqrt(nrow(d))
  obs <- 1 - summary(survfit(f, newdata = columns(b)), times = t)$surv[1, ]
  s <- summary(survfit(f, newdata = columns(nb), conf.type = "log-log"), times = t)
  gap <- abs(obs - p)
  list(
    knots = unname(knots), coef = coefficients,
    measures = c(mean(gap), median(gap), unname(quantile(gap, .9)), max(gap)),
    at = unname(at), observed = unname(1 - s$surv[1, ]),
    lower = unname(1 - s$upper[1, ]), upper = unname(1 - s$lower[1, ])
  )
}

regression <- function(d, p, t) {
  d$y <- 1 - pseudo(survfit(Surv(time, status) ~ 1, d), times = t)
  d$x <- log(-log(1 - p))
  d$id <- seq_len(nrow(d))
  fit <- function(form) {
    as.matrix(summary(geese(form, data = d, id = id, scale.fix = TRUE, family = gaussian,
      mean.link = "cloglog", corstr = "independence",
      control = geese.control(epsilon = 1e-13, maxit = 200)))$mean[, 1:2])
  }
  a <- fit(y ~ offset(x)); b <- fit(y ~ x)
  list(intercept = unname(a[1, ]), slope = unname(b[2, ]))
}

out <- list()
for (name in names(horizons)) {
  d <- all[all$dataset == name, ]
  t <- unname(horizons[name])
  for (s in c("sA", "sB")) {
    out[[name]][[s]] <- list(
      rcs3 = curve(d, d[[s]], t, 3), rcs5 = curve(d, d[[s]], t, 5),
      regression = regression(d, d[[s]], t)
    )
  }
  out[[name]]$t <- t
}
x <- read.csv("ext_ext.csv")
d <- x # pseudo() looks here
out$ext <- list(regression = regression(d, d$p5, 5))

# Knots where ties, few values and few patients get in the way
set.seed(1)
knots <- list()
for (n in c(30, 60, 99, 100, 250)) for (kind in 1:5) for (nk in 3:5) {
  v <- switch(kind, round(rnorm(n), 3), sample(0:15, n, TRUE),
    sample(0:9, n, TRUE, prob = c(20, rep(1, 9))),
    c(rep(0, round(n * .1)), round(runif(n - 2 * round(n * .1)), 3), rep(1, round(n * .1))),
    sample(0:4, n, TRUE))
  k <- try(suppressWarnings(Hmisc::rcspline.eval(v, nk = nk, knots.only = TRUE)), silent = TRUE)
  if (inherits(k, "try-error")) k <- numeric(0)
  knots[[length(knots) + 1]] <- list(x = v, nk = nk, knots = as.numeric(k))
}
out$knots <- knots

# loess with ties
v <- list()
for (span in c(.5, .75, 1)) for (degree in 1:2) {
  a <- sample(0:9, 60, TRUE); y <- round(rnorm(60, a / 10), 3)
  f <- loess(y ~ a, span = span, degree = degree, surface = "direct")
  v[[length(v) + 1]] <- list(x = a, y = y, span = span, degree = degree, fitted = unname(fitted(f)))
}
out$loess <- v
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), "calibration_r.json")

set.seed(3)
pools <- list()
for (k in c(3, 4, 8, 20)) for (tau in c(0, .05, .3)) {
  v <- round(runif(k, .005, .05), 4); y <- round(rnorm(k, .6, sqrt(v + tau^2)), 4)
  for (m in c("DL", "REML", "ML", "PM")) for (test in c("z", "knha")) {
    r <- rma(y, v, method = m, test = test,
      control = list(threshold = 1e-14, maxiter = 10000, tol = 1e-14))
    p <- predict(r)
    ci <- confint(r, control = list(tol = 1e-12))$random[1, ]
    pools[[length(pools) + 1]] <- list(y = y, v = v, method = m, knapp_hartung = test == "knha",
      found = c(as.numeric(r$b), r$se, r$ci.lb, r$ci.ub, p$pi.lb, p$pi.ub, r$tau2, ci[2:3], r$I2,
        r$QE, r$QEp))
  }
}
writeLines(toJSON(pools, digits = NA, auto_unbox = TRUE), "pooling_r.json")
