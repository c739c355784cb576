"""Bring the files of an assembly to S3, under the names that its templates expect."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from constructs_lib.local.deployment.assembly import AssembledStack, FileAsset
from constructs_lib.local.deployment.errors import DeployError
from constructs_lib.local.deployment.places import Place

_NO_TIME = (1980, 1, 1, 0, 0, 0)


class AssetPublisher:
    """Uploads each file once: a key that exists is not written again, its name is its content's.

    Files are read and zipped once for all the accounts that get them.
    """

    def __init__(self) -> None:
        self._published: set[tuple[str, str]] = set()
        self._buckets: set[str] = set()
        self._contents: dict[Path, bytes] = {}

    def publish(self, stack: AssembledStack, place: Place) -> None:
        """Upload what the stack needs and S3 does not have.

        The stack's own template goes along in the request unless it is too large.

        Raises:
            DeployError: A file is missing, or there is no bucket for it.
        """
        for asset in stack.assets:
            if asset.source != stack.template_file:
                self._put(asset, stack, place)

    def publish_template(self, stack: AssembledStack, place: Place, body: str) -> str:
        """Upload the stack's template and return its URL."""
        bucket, key = stack.template_bucket_and_key or (
            "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
            f"{stack.name}.template.json",
        )
        bucket, key = place.fill(bucket), place.fill(key)
        self._require_bucket(bucket, stack, place)
        place.s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        return f"{place.s3.meta.endpoint_url}/{bucket}/{key}"

    def _put(self, asset: FileAsset, stack: AssembledStack, place: Place) -> None:
        bucket, key = place.fill(asset.bucket), place.fill(asset.key)
        if (bucket, key) in self._published:
            return
        if not asset.source.exists():
            raise DeployError(
                f"stack {stack.label} needs the asset {asset.source}, which does not exist; "
                "run: cdk synth"
            )
        self._require_bucket(bucket, stack, place)
        if not _exists(place, bucket, key):
            place.s3.put_object(Bucket=bucket, Key=key, Body=self._content(asset))
        self._published.add((bucket, key))

    def _content(self, asset: FileAsset) -> bytes:
        if asset.source not in self._contents:
            content = zipped(asset.source) if asset.zipped else asset.source.read_bytes()
            self._contents[asset.source] = content
        return self._contents[asset.source]

    def _require_bucket(self, bucket: str, stack: AssembledStack, place: Place) -> None:
        from botocore.exceptions import ClientError

        if bucket in self._buckets:
            return
        try:
            place.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if not place.embedded:
                raise DeployError(
                    f"stack {stack.label} needs the bucket {bucket} for its assets, got: {error}; "
                    f"run: cdk bootstrap aws://{place.account_id}/{place.region}"
                ) from error
            _make_bucket(place, bucket)
        self._buckets.add(bucket)


def zipped(folder: Path) -> bytes:
    """A folder as a zip file: the same bytes for the same files, whenever and wherever made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(_files_below(folder)):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Only who may execute it says anything; the rest is the umask of whoever made it.
            entry.external_attr = (0o755 if os.access(file, os.X_OK) else 0o644) << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, _folders, files in os.walk(folder, followlinks=True):
        yield from (Path(parent, name) for name in files)


def _exists(place: Place, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        place.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return False
        raise
    return True


def _make_bucket(place: Place, bucket: str) -> None:
    if place.region == "us-east-1":
        place.s3.create_bucket(Bucket=bucket)
    else:
        place.s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": place.region},  # type: ignore[typeddict-item]  # the stub lists the regions of its day
        )
