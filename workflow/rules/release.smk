# The only door from private to release, and what is made of released tables alone.


rule release_description:
    """Pass the description of the patients through disclosure control."""
    input:
        cohort=rules.ingest.output.cohort,
        tables=[
            rules.ingest.output.flow,
            rules.ingest.output.quality,
            rules.ingest.output.transformations,
            rules.ingest.output.plausibility,
            rules.ingest.output.k_anonymity,
            rules.describe.output.table1,
            rules.describe.output.kaplan_meier,
            rules.describe.output.at_risk,
            rules.describe.output.summary,
            rules.describe.output.outcomes,
            rules.describe.output.incidence,
        ],
    output:
        cohort=f"{RELEASE}/{{cohort}}/cohort.json",
        tables=plan.tables("{cohort}", DESCRIPTION),
    log:
        f"{PRIVATE}/{{cohort}}/logs/release_description.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/release_description.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.disclose"),
        settings=plan.settings_json("release"),
        folder=f"{RELEASE}/{{cohort}}/tables",
    message:
        plan.says("Release the description of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.disclose --cohort-info {input.cohort}"
        " --settings {params.settings:q} --out-folder {params.folder}"
        " --out-cohort-info {output.cohort} --tables {input.tables} 2> {log}"


rule release_scoring:
    """Pass the results of scoring through disclosure control."""
    input:
        cohort=rules.ingest.output.cohort,
        tables=[
            rules.score.output.computability,
            rules.score.output.items_missing,
            rules.score.output.notes,
            rules.score.output.coverage,
            *rules.fit.output,
            *rules.model.output,
            *rules.compare_treatments.output,
        ],
    output:
        tables=plan.tables("{cohort}", SCORING),
    log:
        f"{PRIVATE}/{{cohort}}/logs/release_scoring.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/release_scoring.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.disclose"),
        settings=plan.settings_json("release"),
        folder=f"{RELEASE}/{{cohort}}/tables",
    message:
        plan.says("Release what the scores say of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.disclose --cohort-info {input.cohort}"
        " --settings {params.settings:q} --out-folder {params.folder}"
        " --tables {input.tables} 2> {log}"


rule release_evaluation:
    """Pass the results of the evaluation through disclosure control."""
    input:
        cohort=rules.ingest.output.cohort,
        tables=rules.evaluate.output.tables,
    output:
        tables=plan.tables("{cohort}", EVALUATION),
    log:
        f"{PRIVATE}/{{cohort}}/logs/release_evaluation.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/release_evaluation.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.disclose"),
        settings=plan.settings_json("release"),
        folder=f"{RELEASE}/{{cohort}}/tables",
    message:
        plan.says("Release the evaluation in {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.disclose --cohort-info {input.cohort}"
        " --settings {params.settings:q} --out-folder {params.folder}"
        " --tables {input.tables} 2> {log}"


# A cohort's figures differ with its groupings, and outputs can't be functions: so a rule for each
# cohort and kind of tables.
for batch in plan.batches():

    rule:
        """Draw figures from released tables: SVG, PDF, PNG, the data drawn, caption, alt text."""
        name:
            batch.rule
        input:
            cohort=f"{RELEASE}/{batch.cohort}/cohort.json",
            tables=batch.tables,
        output:
            svg=[
                report(
                    path,
                    caption=caption,
                    category=batch.cohort,
                    subcategory="Figures",
                    labels={"figure": figure},
                )
                for path, figure, caption in batch.shown()
            ],
            pdf=batch.files("pdf"),
            png=batch.files("png"),
            csv=batch.files("csv"),
            caption=batch.files("json"),
        log:
            f"{PRIVATE}/{batch.cohort}/logs/draw_{batch.kind}.log",
        benchmark:
            f"{PRIVATE}/{batch.cohort}/benchmarks/draw_{batch.kind}.tsv"
        # On a cluster with the cohort's other jobs; a profile can't name rules that it doesn't know.
        group:
            "cohort"
        conda:
            "../envs/spinemets.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=fingerprint("spinemets.stages.draw"),
            settings=plan.settings_json("figures"),
            figures=batch.figures,
        message:
            plan.says(
                f"Draw {len(batch.figures)} figures of {batch.cohort}: {batch.kind}"
            )
        shell:
            "python -m spinemets.stages.draw --figures {params.figures}"
            " --tables $(dirname {input.tables[0]}) --cohort-info {input.cohort}"
            " --settings {params.settings:q} --out-folder $(dirname {output.svg[0]}) 2> {log}"


rule report:
    """Write the self-contained report of a cohort from its released tables and figures."""
    input:
        cohort=rules.release_description.output.cohort,
        shown=plan.report_inputs,
    output:
        html=report(
            f"{RELEASE}/{{cohort}}/report.html",
            caption="../report/report.rst",
            category="{cohort}",
            subcategory="Report",
            labels={"figure": "whole report"},
        ),
    log:
        f"{PRIVATE}/{{cohort}}/logs/report.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/report.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.report"),
        settings=plan.report_json(),
        cohort=plan.cohort_json,
    message:
        plan.says("Write the report of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.report --release $(dirname {input.cohort})"
        " --settings {params.settings:q} --cohort {params.cohort:q}"
        " --out {output.html} 2> {log}"


rule manifest:
    """List every released file of a cohort with its hash, rule, code and inputs."""
    input:
        cohort=rules.release_description.output.cohort,
        report=rules.report.output.html,
        figures=plan.all_figure_files,
        # What it hashes: a private file that was lost is made again, not missed.
        raw=plan.raw_files,
        private=[
            *rules.ingest.output,
            *rules.describe.output,
            *rules.score.output,
            *rules.fit.output,
            *rules.model.output,
            *rules.compare_treatments.output,
            *rules.evaluate.output,
        ],
    output:
        manifest=f"{RELEASE}/{{cohort}}/MANIFEST.json",
    log:
        f"{PRIVATE}/{{cohort}}/logs/manifest.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/manifest.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.manifest"),
        settings=plan.study_json(),
    message:
        plan.says("List the files of {wildcards.cohort} with their hashes")
    shell:
        "python -m spinemets.stages.manifest --settings {params.settings:q}"
        " --cohort {wildcards.cohort}"
        " --out {output.manifest} 2> {log}"


rule manifest_all:
    """Join the manifests of all cohorts; the files of the run itself are listed apart."""
    input:
        manifests=expand(f"{RELEASE}/{{cohort}}/MANIFEST.json", cohort=plan.cohorts),
    output:
        manifest=f"{RELEASE}/MANIFEST.json",
    log:
        f"{PRIVATE}/logs/manifest_all.log",
    benchmark:
        f"{PRIVATE}/benchmarks/manifest_all.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.manifest"),
    message:
        plan.says("List the files of all cohorts")
    shell:
        "python -m spinemets.stages.manifest --release $(dirname {output.manifest})"
        " --join {input.manifests} --out {output.manifest} 2> {log}"


rule record_run:
    """Keep what differs from run to run: timings, logs, environment, commit."""
    input:
        manifest=rules.manifest_all.output.manifest,
    output:
        commit=f"{RELEASE}/run/commit.txt",
        environment=f"{RELEASE}/run/environment.json",
        logs=f"{RELEASE}/run/logs.txt",
        timings=f"{RELEASE}/run/timings.csv",
    log:
        f"{PRIVATE}/logs/record_run.log",
    benchmark:
        f"{PRIVATE}/benchmarks/record_run.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=fingerprint("spinemets.stages.record_run"),
        private=PRIVATE,
    message:
        plan.says("Keep timings, logs and versions of this run")
    shell:
        "python -m spinemets.stages.record_run --private {params.private}"
        " --release $(dirname {input.manifest}) --out-commit {output.commit}"
        " --out-environment {output.environment} --out-logs {output.logs}"
        " --out-timings {output.timings} 2> {log}"
