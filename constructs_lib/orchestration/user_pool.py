"""The user pool in which a sign-up makes identities."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct


def passwordless_user_pool(
    scope: Construct, id_: str, *, removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
) -> cognito.UserPool:
    """Make a user pool whose users nobody but the sign-up makes, without a password."""
    return cognito.UserPool(
        scope,
        id_,
        # Cognito's own sign-up ignores IAM.
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(username=True, email=True),
        sign_in_case_sensitive=False,
        # Users sign in with a mailed code: the sign-up never sees or sets a password.
        sign_in_policy=cognito.SignInPolicy(
            allowed_first_auth_factors=cognito.AllowedFirstAuthFactors(
                password=True, email_otp=True
            )
        ),
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        password_policy=cognito.PasswordPolicy(
            min_length=12,
            require_lowercase=True,
            require_uppercase=True,
            require_digits=True,
            require_symbols=True,
        ),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        removal_policy=removal_policy,
    )
