"""Nobody sends files here. One that is sent all the same is read past, never kept, and small or not at all.

Django counts what is in the boxes of a form and not what is in its files, and lays large ones on the disk, before
anybody has signed in: whoever liked could fill it.
"""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """The one handler in settings.FILE_UPLOAD_HANDLERS; whoever adds an upload gives its view handlers of its own."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The form and its files are larger than any form of ours.")

    def receive_data_chunk(self, raw_data, start):
        """None: not handed on."""

    def file_complete(self, file_size):
        """None: it is not among request.FILES."""
