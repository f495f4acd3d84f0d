"""Records as the command set lists them: fields, filters, pages."""
