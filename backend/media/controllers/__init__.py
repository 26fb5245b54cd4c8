"""Files over HTTP."""

from litestar import Router

from backend.media.controllers.attachments import Attachments
from backend.media.controllers.downloads import AttachmentFile, AttachmentStream
from backend.media.controllers.uploads import OneUpload, Uploads

routes = Router(
    path="/",
    route_handlers=[Attachments, Uploads, OneUpload, AttachmentFile, AttachmentStream],
    tags=["Media"],
)
