"""spinemets: outcomes research for spinal metastases."""
