access-title = Portal access: { $customer }
access-intro = Who can see what in the customer portal, who granted it and why. Revoked access ends immediately.
access-link = The invitation is sent by email. To share it yourself, copy this link now. It is shown only once:
access-empty = No portal users yet
access-empty-text = Invite the first portal user below.
access-other-customer = Contact of another customer who also has access here.
access-no-grants = No access to this customer.
access-invited-until = invitation valid until { $day }
access-last = last sign-in { $moment }
access-never = never signed in
access-resend-invitation = Resend invitation
access-revoke-invitation = Revoke invitation
access-block = Block account
access-unblock = Unblock account
access-all-locations = All locations
access-valid-until = until { $moment }
access-granted-by = granted by { $name }
access-granted-by-operator = granted by the operator
access-revoke = Revoke access…
access-revoke-consequence = This access ends immediately, including on pages that are already open.
access-revoke-now = Revoke access
access-invite-title = Grant access
access-invite-text = People without portal access receive an invitation. Existing access to the same location is replaced.
access-contact = Contact
access-contact-help = Or leave this empty and enter the person’s details below.
access-name = Name
access-email = Email
access-email-help = If empty, the contact’s email address is used.
access-invite = Grant access
done-access-invited = Invitation created.
done-access-granted = Access granted.
done-invitation-revoked = Invitation revoked.
done-account-blocked = Account blocked and signed out.
done-account-unblocked = Account unblocked.
done-grant-revoked = Access revoked.
review-empty = Nothing to review
review-empty-text = No access expires soon or is unused.
review-reason = Reason
review-unused = Unused
review-lost-granter = Granted by a person who no longer manages access
access-view-as = View as this user
visible-to = Visible to: { $count ->
    [0] no one
    [one] 1 person
   *[other] { $count } people
 }
visible-to-none = No portal users.
visible-files = Can download released files
access-two-factor-off = Turn off two-factor authentication…
access-two-factor-off-consequence = The user signs in without a code again; an email to the user says so. Verify that the request really comes from this user.
access-two-factor-off-now = Turn off 2FA
access-two-factor-enabled = 2FA on
done-access-two-factor-off = Two-factor authentication turned off.
access-offered = offered, not accepted yet
invitations-expired = { $count ->
    [one] 1 invitation to the portal has expired
   *[other] { $count } invitations to the portal have expired
 }
invitation-expired-on = expired on { $day }
access-link-no-server = No mail server is configured, so nothing was sent. Copy this link now and hand it over. It is shown only once:
access-empty-no-permission = A manager or administrator can invite portal users.
