# The setup page of a new installation.
setup-title = Create your organization
setup-text = This installation of Ordinavo is ready. Name your organization and create the account of its first administrator, who can invite the others afterwards. This page works once.
setup-organization = Organization
setup-organization-name = Name
setup-short-name = Name in addresses
setup-short-name-help = Lowercase letters, digits and hyphens, such as nordwind-service. It is part of the portal's address. Leave it empty to derive it from the name.
setup-language = Language
setup-zone = Time zone
setup-administrator = First administrator
setup-name = Your name
setup-email = Your email address
setup-password = Password
setup-password-help = At least 12 characters. Several words are easy to remember.
setup-submit = Create organization
