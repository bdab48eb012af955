"""Buckets, which the clients create before the first task; each bucket exists here."""

from fastapi import Request, Response

from quantumtask.doors.braket.answers import xml_element, xml_response
from quantumtask.doors.braket.arns import ACCOUNT, REGION
from quantumtask.shared.errors import InvalidRequest


async def create_bucket(request: Request) -> Response:
    """Answer that a bucket exists."""
    return Response(headers={"Location": f"/{request.path_params['bucket']}"})


async def answer_bucket(request: Request) -> Response:
    """Answer that a bucket exists, or its region; the objects are not listed."""
    query = request.scope["query_string"]
    if query == b"location":
        return xml_response(xml_element("LocationConstraint", REGION))
    if query:
        raise InvalidRequest("objects are not listed here; see SearchQuantumTasks")
    return Response(headers={"x-amz-bucket-region": REGION})


async def answer_identity(request: Request) -> Response:
    """Return the account of the sender, after which the clients name their bucket."""
    body = await request.body()
    if b"Action=GetCallerIdentity" not in body.split(b"&"):
        raise InvalidRequest("Action: must be GetCallerIdentity")
    fields = {"Arn": f"arn:aws:iam::{ACCOUNT}:user/quantumtask", "UserId": "QUANTUMTASK"}
    fields["Account"] = ACCOUNT
    members = "".join(xml_element(name, text) for name, text in fields.items())
    return xml_response(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult>{members}</GetCallerIdentityResult>"
        "<ResponseMetadata><RequestId>quantumtask</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>"
    )
