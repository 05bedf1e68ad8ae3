sign-out = Sign out
password = Password
sign-in = Sign in
