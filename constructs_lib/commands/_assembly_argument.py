"""What the commands that read an app say of their first argument."""

ASSEMBLY_HELP = (
    "A cdk.out folder, a CloudFormation or SAM template, a definition in Amazon States Language "
    "(JSON, JSON5, YAML, or as the AWS CLI prints it), or a folder with such files."
)
