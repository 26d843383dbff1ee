"""The settings of an organisation as pages."""
