"""What runs in the process that draws PDFs. Knows neither Django nor any app; see kap.documents.pdf_process."""
