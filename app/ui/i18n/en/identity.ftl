sign-out = Sign out
password = Password
sign-in = Sign in
choose-organization = Choose an organization
choose-organization-text = Your email address has accounts in more than one organization.
