"""The page of the service as files for a browser, built from the sources in `web/`."""
