"""Texts without which a check has nothing to look for in a file; looked for while the file is read anyway.

Expressions in a syntax that both ``re`` and RE2 read.
"""

SECRETS = {
    r"\b(?:AKIA|ASIA|ABIA|ACCA|A3T)|(?i:aws).{0,20}(?i:key|pwd|pw|pass|token)": ("aws", "AWSKeyDetector"),
    r"gh[pousr]_": ("github_token", "GitHubTokenDetector"),
    r"PRIVATE KEY|PuTTY-User-Key": ("private_key", "PrivateKeyDetector"),
    r"(?i:xox[abposr]-|hooks\.slack\.com)": ("slack", "SlackDetector"),
    r"[rs]k_live_": ("stripe", "StripeDetector"),
    r"\bSG\.": ("sendgrid", "SendGridDetector"),
    r"npm_|_authToken": ("npm", "NpmDetector"),
    r"sq0csp-": ("square_oauth", "SquareOAuthDetector"),
    r"AccountKey=": ("azure_storage_key", "AzureStorageKeyDetector"),
}
"""By the hint, the module and the class of the detector in detect-secrets."""

CLAIM = "claim"
SECRET = "secret"  # noqa: S105 - a name for what is looked for
HINTS = {CLAIM: r"WAIVER \[", SECRET: "|".join(SECRETS)}
"""What each check wants to find, by a name for it."""
