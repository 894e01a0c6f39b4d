import pulumi
import pulumi_nullspace as nullspace

agent = nullspace.Template("agent",
    name="agent",
    image="python:3.12-slim",
    context="./agent",
    steps=[
        {
            "kind": nullspace.StepKind.APT_INSTALL,
            "packages": ["git"],
        },
        {
            "kind": nullspace.StepKind.PIP_INSTALL,
            "packages": ["requests==2.32.3"],
        },
        {
            "kind": nullspace.StepKind.COPY,
            "sources": ["."],
            "dst": "/agent/",
        },
    ],
    env={
        "PYTHONUNBUFFERED": "1",
    },
    workdir="/agent",
    vcpus=2,
    memory_mib=1024)
