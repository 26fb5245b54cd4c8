"""Believable values: files, whole and in parts."""

from typing import Any

ID_OF: dict[str, str] = {"UploadOut": "uploadId"}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {"UploadIn": {"districtId"}}

BY_STRUCT: dict[str, dict[str, Any]] = {
    "AttachmentOut": {
        "url": "/v1/attachments/019a…/original?link=…",
        "state": "ready",
        "preparedPercent": 100,
        "failure": None,
        "durationMs": None,
        "posterUrl": None,
        "streamUrl": None,
    },
    "UploadIn": {"filename": "家长课堂第一讲.mp4", "byteSize": 734_003_200},
    "UploadOut": {
        "state": "receiving",
        "filename": "家长课堂第一讲.mp4",
        "byteSize": 734_003_200,
        "partBytes": 2_097_152,
        "parts": 350,
        "received": [1, 2, 3],
        "attachmentId": None,
    },
}

BY_NAME: dict[str, Any] = {
    "Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    "sha256": "5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1",
    "segment": "master.m3u8",
    "number": 1,
    "preparedPercent": 100,
}
