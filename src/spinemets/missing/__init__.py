"""Missing values: pooling over completed data sets."""
