"""Commands that read exports without a running sidecar."""
