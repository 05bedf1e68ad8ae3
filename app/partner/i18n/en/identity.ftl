console = Partner console
sign-in-title = Sign in to the partner console
sign-in-text = View the results of your system's imports. You need an invitation to sign in.
invitation-title = Set up your access
invitation-text = { $name }, set a password to view the imports of the source system
invitation-accept = Set password
password-help = At least 12 characters.
done-invitation = Your password is set. You can now sign in.
