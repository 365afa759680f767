// The shapes of the staff API, as far as the page reads them (docs/staff-api.md; snake_case is the wire's).

type Status = "pending" | "confirmed" | "arrived" | "completed" | "no_show" | "cancelled";
type Role = "reader" | "staff" | "admin";
type SmsState =
  | "queued" | "claimed" | "unknown" | "retry" | "accepted" | "sent" | "delivered"
  | "undelivered" | "failed" | "cancelled" | "expired" | "suppressed" | "received";
type CalendarState = "none" | "pending" | "written" | "failed" | "paused";

interface Appointment {
  id: string;
  version: number;
  status: Status;
  starts_at: string;
  ends_at: string;
  provider_id: string;
  provider_name: string;
  service_id: string;
  service_name: string;
  contact_id: string;
  patient_name: string;
  phone: string;
  email: string | null;
  is_new_patient: boolean | null;
  notes: string | null;
  source: string;
  confirmation_code: string;
  overbooked: boolean;
  call_id: string | null;
  created_at: string;
  updated_at: string;
  sms: null | { kind: string; state: SmsState; error_code: string | null; at: string };
  calendar: null | { state: CalendarState; error_code: string | null; at: string | null };
}

interface Provider { id: string; name: string; active: boolean; service_ids: string[] }
interface Service {
  id: string;
  name: string;
  duration_minutes: number;
  active: boolean;
  aliases?: string[];
  buffer_before_minutes?: number;
  buffer_after_minutes?: number;
}
interface Org {
  id: string;
  slug: string;
  name: string;
  time_zone: string;
  language: string;
  region: string;
  slot_grid_minutes: number;
  front_desk_phone: string | null;
}
interface Me {
  staff: { id: string; name: string; email: string; role: Role };
  org: Org;
  orgs: { slug: string; name: string; role: Role }[];
  providers: Provider[];
  services: Service[];
  last_seq: number;
  google: null | { status: string; reason: string | null; account_email: string | null };
  sms: null | { paused_reason: string | null };
  now: string;
}
interface BoardEvent {
  seq: number;
  at: string;
  type: string;
  actor: string;
  actor_name?: string | null;
  appointment_id: string | null;
  contact_id: string | null;
  follow_up_id: string | null;
  call_id: string | null;
  data: Record<string, any>;
}
interface Slot { starts_at: string; ends_at?: string; provider_id: string; provider_name: string }
interface Contact {
  id: string;
  version: number;
  name: string;
  phone: string;
  email: string | null;
  date_of_birth: string | null;
  created_at: string;
  next_appointment: null | { id: string; starts_at: string };
  appointment_count: number;
  opted_out: boolean;
  other_phones?: string[];
  erased_at?: string | null;
}
interface Message {
  id: string;
  direction: "in" | "out";
  kind: string;
  appointment_id: string | null;
  contact_id: string | null;
  contact_name: string | null;
  phone: string;
  body: string | null;
  state: SmsState;
  error_code: string | null;
  segments: number | null;
  created_at: string;
  updated_at: string;
}
interface FollowUp {
  id: string;
  version: number;
  contact_id: string | null;
  contact_name: string | null;
  caller_name: string | null;
  phone: string | null;
  message: string;
  urgency: "routine" | "same_day" | "urgent";
  preferred_time: string | null;
  due_at: string;
  overdue: boolean;
  snoozed_until: string | null;
  status: "open" | "done";
  source: string;
  assignee_id: string | null;
  assignee_name: string | null;
  missed_calls: number;
  created_at: string;
  done_at: string | null;
  outcome: string | null;
}
interface TimelineItem {
  at: string;
  kind: "appointment" | "sms" | "call" | "note" | "follow_up" | "calendar" | "contact";
  type: string;
  actor: string | null;
  actor_name: string | null;
  seq?: number | null;
  appointment?: Partial<Appointment> | null;
  message?: Partial<Message> | null;
  note?: { id: string; body: string } | null;
  follow_up?: Partial<FollowUp> | null;
  call?: Record<string, any> | null;
  data?: Record<string, any> | null;
}
interface Match { position: number; role: "assistant" | "user"; body: string }
interface Call {
  id: string;
  vapi_call_id: string;
  state: "ringing" | "in_progress" | "forwarding" | "ended";
  direction: "inbound" | "outbound" | "web";
  phone: string | null;
  contact_id: string | null;
  contact_name: string | null;
  lead_id: string | null;
  started_at: string;
  ended_at: string | null;
  duration_seconds: number | null;
  ended_reason: string | null;
  outcome: string | null;
  intent: string | null;
  lost_reason: string | null;
  summary: string | null;
  recording_url: string | null;
  transferred_to: string | null;
  cost: number | null;
  matches?: Match[] | null;
}
interface TranscriptLine {
  position: number;
  role: "assistant" | "user" | "tool";
  body: string;
  seconds: number | null;
  at: string | null;
  tool: string | null;
  tool_call_id: string | null;
  outcome: string | null;
}
interface Transcript { items: TranscriptLine[]; next: string | null }
interface ToolCall { tool: string | null; outcome: string | null; result: string; seconds: number | null }
interface CallDetails extends Call {
  transcript: Transcript;
  tool_calls: ToolCall[];
  appointments: { id: string; status: Status; starts_at: string; provider_name: string; service_name: string }[];
  follow_ups: { id: string; message: string; urgency: string; due_at: string; status: "open" | "done"; source: string }[];
  facts: Record<string, string>;
  lead: Lead | null;
}
interface Fact { field: string; value: string; source: string; at: string }
type LeadStatus = "new" | "contacted" | "booked" | "lost" | "do_not_call";
interface Lead {
  id: string;
  version: number;
  phone: string;
  contact_id: string | null;
  name: string | null;
  status: LeadStatus;
  status_at: string;
  reason: string;
  note: string | null;
  call_id: string;
  appointment_id: string | null;
  created_at: string;
  calls: number;
  facts: Fact[];
}
interface Figures {
  day: string;
  calls: number;
  calls_booked: number;
  conversion: number | null;
  calls_missed: number;
  calls_transferred: number;
  lost_reasons: Record<string, number>;
  bookings: number;
  bookings_by_source: Record<string, number>;
  cancellations: number;
  visits: number;
  no_shows: number;
  no_show_rate: number | null;
  texts_sent: number;
  texts_delivered: number;
  texts_failed: number;
  replies: number;
  segments: number;
  cost_micros: number;
  follow_ups_opened: number;
  follow_ups_done: number;
  follow_ups_overdue: number;
}
interface Insight {
  items: Figures[];
  totals: Figures;
  currency: string;
  segment_price_micros: number;
  time_zone: string;
  follow_ups_now: { open: number; overdue: number; unassigned: number; snoozed: number };
}
interface Erased { contact: Contact; cancelled: string[]; texts_to_delete: number; calendar_events_to_delete: number; vapi_call_ids: string[] }
interface Page<T> { items: T[]; next: string | number | null }
interface Hours { weekday: number; opens: string; closes: string }
interface Closure { id: string; provider_id: string | null; starts_at: string; ends_at: string; reason: string }
interface ProblemBody {
  title?: string;
  detail?: string;
  code?: string;
  message?: string;
  errors?: { field: string; message: string }[];
  current?: any;
  alternatives?: Slot[];
}
type LiveState = "connecting" | "live" | "reconnecting" | "offline";
