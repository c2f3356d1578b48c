# From a raw table to patients, and what can be said of them before any score.


rule simulate:
    """Draw a simulated cohort with known truth; the file says SIMULATED in name and first line."""
    output:
        table=f"{PRIVATE}/{{cohort}}/SIMULATED_{{cohort}}.csv",
        truth=f"{PRIVATE}/{{cohort}}/truth.parquet",
    log:
        f"{PRIVATE}/{{cohort}}/logs/simulate.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/simulate.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.simulate"),
        options=plan.simulation,
    message:
        plan.says("Draw the simulated patients of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.simulate {params.options} --out-table {output.table}"
        " --out-truth {output.truth} 2> {log}"


rule ingest:
    """Read a cohort's table through its mapping, check it against the contract, count everyone."""
    input:
        table=plan.raw_table,
        mapping=plan.mapping,
        beside=plan.beside,
    output:
        patients=f"{PRIVATE}/{{cohort}}/patients.parquet",
        inclusion=f"{PRIVATE}/{{cohort}}/inclusion.parquet",
        cohort=f"{PRIVATE}/{{cohort}}/cohort.json",
        flow=f"{PRIVATE}/{{cohort}}/flow.csv",
        quality=f"{PRIVATE}/{{cohort}}/quality.csv",
        transformations=f"{PRIVATE}/{{cohort}}/transformations.csv",
        plausibility=f"{PRIVATE}/{{cohort}}/plausibility.csv",
        k_anonymity=f"{PRIVATE}/{{cohort}}/k_anonymity.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/ingest.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/ingest.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("spinemets.stages.ingest"),
        cohort=plan.cohort_json,
    message:
        plan.says("Read and check the table of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.ingest --table {input.table:q} --mapping {input.mapping:q}"
        " --cohort {params.cohort:q} --out-patients {output.patients}"
        " --out-inclusion {output.inclusion} --out-cohort {output.cohort}"
        " --out-flow {output.flow} --out-quality {output.quality}"
        " --out-transformations {output.transformations}"
        " --out-plausibility {output.plausibility} --out-k-anonymity {output.k_anonymity} 2> {log}"


rule describe:
    """Table 1, Kaplan-Meier by every grouping, and outcomes with death as competing risk."""
    input:
        patients=rules.ingest.output.patients,
        inclusion=rules.ingest.output.inclusion,
        cohort=rules.ingest.output.cohort,
    output:
        table1=f"{PRIVATE}/{{cohort}}/table1.csv",
        kaplan_meier=f"{PRIVATE}/{{cohort}}/kaplan_meier.csv",
        at_risk=f"{PRIVATE}/{{cohort}}/at_risk.csv",
        summary=f"{PRIVATE}/{{cohort}}/survival_summary.csv",
        outcomes=f"{PRIVATE}/{{cohort}}/outcomes.csv",
        incidence=f"{PRIVATE}/{{cohort}}/cumulative_incidence.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/describe.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/describe.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("spinemets.stages.describe"),
        settings=plan.survival_json,
    message:
        plan.says("Describe the patients of {wildcards.cohort} and their survival")
    shell:
        "python -m spinemets.stages.describe --patients {input.patients}"
        " --inclusion {input.inclusion} --cohort-info {input.cohort}"
        " --settings {params.settings:q} --out-table1 {output.table1}"
        " --out-kaplan-meier {output.kaplan_meier} --out-at-risk {output.at_risk}"
        " --out-summary {output.summary} --out-outcomes {output.outcomes}"
        " --out-incidence {output.incidence} 2> {log}"
