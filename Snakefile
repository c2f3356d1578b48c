# The front door: a bare `snakemake` in this folder runs the workflow on config/cohorts.yaml.
# It declares its own default rule, because rules of an included file never become the default.
include: "workflow/Snakefile"


rule default:
    default_target: True
    input:
        rules.all.input,
    message:
        plan.says("Everything that is released is there")
