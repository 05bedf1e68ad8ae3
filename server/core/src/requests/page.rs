//! The page of a single request, next to the inbox.

use domain::identity::permissions::{ReviewRequests, ViewOperations};
use domain::ids::{CustomerId, RequestId};

use crate::identity::actors::Permit;
use crate::intake::model::FileSummary;
use crate::jobs::model::TargetSummary;
use crate::notifications::reach::{self, Reach};
use crate::portal_access::view_as;
use crate::portal_access::view_as::Viewer;
use crate::requests::actions::RequestState;
use crate::requests::customer_assignment::{self, Choices};
use crate::requests::inbox::{self, Inbox, InboxSelection, PRESENCE_TIMEOUT};
use crate::requests::model::{ContactHint, MessageEntry, NoteEntry, RequestActions, RequestSummary, RequestView};
use crate::{Core, CoreError, CoreResult};

/// What the viewer has entered to find the customer of a request.
#[derive(Debug, Clone, Default)]
pub struct CustomerSearch {
    pub text: String,
    pub chosen: Option<CustomerId>,
}

/// A request with related records and the inbox.
#[derive(Debug, Clone)]
pub struct RequestPage {
    pub inbox: Inbox,
    pub request: RequestView,
    /// Active targets at the same location.
    pub active_targets_here: Vec<TargetSummary>,
    /// Other undecided requests at the same location.
    pub other_requests_here: Vec<RequestSummary>,
    pub files: Vec<FileSummary>,
    /// Notes that only staff can read.
    pub notes: Vec<NoteEntry>,
    /// Messages that the requester can read.
    pub messages: Vec<MessageEntry>,
    /// Contacts with the requester's email address, while no customer is assigned.
    pub hints: Vec<ContactHint>,
    /// Names of other staff members who have the request open.
    pub others: Vec<String>,
    /// The portal users who can see the request.
    pub viewers: Vec<Viewer>,
    /// The customers to choose from, if the viewer can assign one.
    pub customer_choices: Option<Choices>,
    /// How the requester is told about the request.
    pub reach: Option<Reach>,
    pub actions: RequestActions,
}

/// Returns a request with related records and the inbox.
///
/// # Errors
/// `not_found`.
pub async fn page(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    id: RequestId,
    selection: &InboxSelection,
    search: &CustomerSearch,
) -> CoreResult<RequestPage> {
    let staff = by.staff();
    let mut tx = core.store.read(staff).await?;
    let inbox = inbox::load(&mut tx, selection).await?;
    let request = tx.request_view(id).await?.ok_or_else(CoreError::not_found)?;
    let actions = RequestActions::of(RequestState::from(&request), staff.has::<ReviewRequests>());
    let (mut active_targets_here, other_requests_here) = match request.location_id {
        Some(location) => (
            tx.active_targets_at(location).await?,
            tx.waiting_requests_at(location, id).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    // Exclude the job that was created from this request.
    active_targets_here.retain(|target| request.target_id != Some(target.id));
    let email = request
        .requester
        .as_ref()
        .and_then(|requester| requester.email.clone())
        .filter(|_| request.customer_id.is_none());
    let hints = match email {
        Some(email) => tx.contacts_with_email(&email).await?,
        None => Vec::new(),
    };
    let customer_choices = if actions.can_assign_customer {
        // Customers whose names contain what the requester typed are shown before a new one is created.
        let typed = request.requester.as_ref().filter(|_| request.customer_id.is_none());
        let typed = typed.and_then(|requester| requester.organisation.as_deref().or(requester.name.as_deref()));
        let text = match search.text.as_str() {
            "" => typed.unwrap_or_default(),
            text => text,
        };
        Some(customer_assignment::load_choices(&mut tx, text, search.chosen).await?)
    } else {
        None
    };
    Ok(RequestPage {
        inbox,
        active_targets_here,
        other_requests_here,
        files: tx.request_files(id).await?,
        notes: tx.notes(id).await?,
        messages: tx.messages(id).await?,
        hints,
        others: tx.others_at(id, core.clock.now() - PRESENCE_TIMEOUT).await?,
        viewers: view_as::viewers_of_request(&mut tx, id).await?,
        customer_choices,
        reach: reach::of_request(core, &mut tx, id, request.channel).await?,
        actions,
        request,
    })
}
