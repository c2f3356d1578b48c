"""The same small cohorts as the tests of ingest, broken in one way each."""

from tests.ingest.conftest import (  # noqa: F401 - fixtures
    flow_of,
    ingest_text,
    make_mapping,
    run_stage,
)
