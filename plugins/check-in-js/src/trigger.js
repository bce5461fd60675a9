// The events that the policy listens to, under the names that parameters use.

export const MEMBER = 'member';
export const INVITER = 'inviter';

const trigger = (name, kind, { role = MEMBER, about, hasAmount = false } = {}) => ({ name, kind, role, about, hasAmount });

export const TRIGGERS = [
  trigger('checked-in', 'checked_in'),
  trigger('login', 'login'),
  trigger('chest-opened', 'chest.opened'),
  trigger('order-paid', 'order.paid', { about: '/order', hasAmount: true }),
  trigger('payment-offline-succeeded', 'payment.offline_succeeded', { about: '/payment', hasAmount: true }),
  trigger('user-registered', 'user.registered'),
  trigger('friend-user-registered', 'user.registered', { role: INVITER }),
  trigger('user-profile-completed', 'user.profile_completed'),
  trigger('task-completed', 'task.completed'),
  trigger('review-posted', 'review.posted'),
  trigger('share-performed', 'share.performed'),
];

/** The trigger of a subscription's name. */
export const triggerNamed = (name) => TRIGGERS.find((one) => one.name === name);
