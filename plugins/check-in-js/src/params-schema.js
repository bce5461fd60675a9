// The JSON Schema of the parameters: that of `check-in`, which derives it from its Rust types.

export default {
  "$defs": {
    "BenefitParam": {
      "additionalProperties": false,
      "description": "A benefit in parameters: a quantity of a unit, a credit-limit raise, or a rate boost.\n\n```toml\n{ unit = \"points\", quantity = 5 }\n{ unit = \"coupon:interest-free-30d\", quantity = 1, expires_after_days = 30 }\n{ unit = \"points\", quantity = 5, expires = { years = 1, end_of = \"year\" } }\n{ unit = \"credit-limit:CNY\", by = 50000, up_to = 20000000 }\n{ unit = \"rate-boost:deposit\", basis_points = 100, principal_cap = 1000000, expires_after_days = 30 }\n```",
      "properties": {
        "basis_points": {
          "description": "rate-boost: by so many hundredths of a per cent.",
          "format": "uint32",
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "by": {
          "description": "credit-limit: raise by so much, in minor units.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "expires": {
          "anyOf": [
            {
              "$ref": "#/$defs/Expiry"
            },
            {
              "type": "null"
            }
          ],
          "description": "When it expires, in hours, months or years, with a unit of the calendar or on a date."
        },
        "expires_after_days": {
          "description": "Good on the day of the event and so many days more, all of the last one; a raise or a boost lasts so many days, until the same\ntime by the clock on the wall. Without it, and without `expires`, it does not expire.",
          "format": "uint32",
          "minimum": 0,
          "type": [
            "integer",
            "null"
          ]
        },
        "hold_days": {
          "description": "Pending for so many days, until the same time by the clock on the wall. Without it, it is given at once.",
          "format": "uint32",
          "minimum": 0,
          "type": [
            "integer",
            "null"
          ]
        },
        "on_shortfall": {
          "anyOf": [
            {
              "$ref": "#/$defs/ShortfallParam"
            },
            {
              "type": "null"
            }
          ],
          "description": "What to do when budget, stock or a limit does not allow all of it; refuse when absent."
        },
        "principal_cap": {
          "description": "rate-boost: on at most so much principal, in minor units.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "quantity": {
          "description": "How much of it; money in minor units. Not for credit-limit and rate-boost.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "unit": {
          "description": "What is given, such as points, growth, cash:CNY, coupon:welcome, item:phone, draw-chances:wheel,\nentitlement:priority, credit-limit:CNY or rate-boost:deposit.",
          "pattern": "^(points|growth|(cash|credit-limit):[A-Z]{3}|(coupon|item|draw-chances|entitlement|rate-boost):[A-Za-z0-9._/-]{1,64})$",
          "type": "string"
        },
        "up_to": {
          "description": "credit-limit: never above this limit, in minor units.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        }
      },
      "required": [
        "unit"
      ],
      "type": "object"
    },
    "Boost": {
      "additionalProperties": false,
      "description": "A better rate from some purchase on.",
      "properties": {
        "basis_points": {
          "description": "10,000 is the plain rate, 12,000 a fifth more.",
          "format": "uint32",
          "minimum": 0,
          "type": "integer"
        },
        "from_purchase": {
          "description": "From the customer's so many-th purchase on.",
          "format": "uint64",
          "minimum": 0,
          "type": "integer"
        }
      },
      "required": [
        "from_purchase",
        "basis_points"
      ],
      "type": "object"
    },
    "CalendarUnit": {
      "description": "A unit of the calendar.",
      "oneOf": [
        {
          "const": "day",
          "description": "The local day.",
          "type": "string"
        },
        {
          "const": "week",
          "description": "The ISO week, Monday to Sunday.",
          "type": "string"
        },
        {
          "const": "month",
          "description": "The month.",
          "type": "string"
        },
        {
          "const": "quarter",
          "description": "Three months, from January, April, July or October on.",
          "type": "string"
        },
        {
          "const": "year",
          "description": "The year.",
          "type": "string"
        }
      ]
    },
    "Chest": {
      "additionalProperties": false,
      "description": "A chest with a prize by chance: `range` or `prizes`.",
      "properties": {
        "needs_days": {
          "default": 1,
          "description": "How many days of the same week must have been counted before; 0 for none.",
          "format": "uint32",
          "maximum": 7,
          "minimum": 0,
          "type": "integer"
        },
        "prizes": {
          "default": [],
          "description": "One of these, by weight.",
          "items": {
            "$ref": "#/$defs/Prize"
          },
          "maxItems": 16,
          "type": "array"
        },
        "range": {
          "anyOf": [
            {
              "$ref": "#/$defs/PrizeRange"
            },
            {
              "type": "null"
            }
          ],
          "description": "A quantity of a unit, each from `from` to `to` equally likely."
        }
      },
      "type": "object"
    },
    "Clock": {
      "description": "By whose clock a day is a day.",
      "oneOf": [
        {
          "const": "campaign",
          "description": "That of the campaign's time zone.",
          "type": "string"
        },
        {
          "const": "customer",
          "description": "The customer's own: so many minutes ahead of UTC as the attribute `utc_offset_minutes` says, and that of the campaign's time zone\nwhere it is not known.",
          "type": "string"
        }
      ]
    },
    "Daily": {
      "additionalProperties": false,
      "description": "Counts the local days on which something happened, each once.",
      "properties": {
        "least_amount": {
          "default": 0,
          "description": "Payments below this many minor units do not count a day.",
          "format": "uint64",
          "minimum": 0,
          "type": "integer"
        },
        "make_up": {
          "anyOf": [
            {
              "$ref": "#/$defs/MakeUp"
            },
            {
              "type": "null"
            }
          ],
          "description": "Lets customers make up for missed days; without it they cannot."
        },
        "on": {
          "description": "The events that count a day.",
          "items": {
            "$ref": "#/$defs/Trigger"
          },
          "minItems": 1,
          "type": "array"
        },
        "plans": {
          "default": [],
          "description": "Given for keeping to a plan of days that begins with the customer's first day.",
          "items": {
            "$ref": "#/$defs/Plan"
          },
          "maxItems": 16,
          "type": "array"
        },
        "rewards": {
          "default": [],
          "description": "Given for each day.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        },
        "streaks": {
          "default": [],
          "description": "Given for days in a row; no two with the same `days` and `gap_days`.",
          "items": {
            "$ref": "#/$defs/Streak"
          },
          "maxItems": 16,
          "type": "array"
        },
        "totals": {
          "default": [],
          "description": "Given for a number of days within a week, a month, a year or the campaign, in a row or not.",
          "items": {
            "$ref": "#/$defs/Total"
          },
          "maxItems": 16,
          "type": "array"
        }
      },
      "required": [
        "on"
      ],
      "type": "object"
    },
    "Expiry": {
      "additionalProperties": false,
      "description": "When something ends that is good from the event on: exactly one way of saying it, all by the clock on the wall. `end_of` may go\nwith `months` or `years`: the end of the month that is six months away.",
      "properties": {
        "end_of": {
          "anyOf": [
            {
              "$ref": "#/$defs/CalendarUnit"
            },
            {
              "type": "null"
            }
          ],
          "description": "With the day, week, month, quarter or year in which the event, or the day by months or years, lies."
        },
        "hours": {
          "description": "After so many times 60 minutes, to the second.",
          "format": "uint32",
          "maximum": 87600,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "months": {
          "description": "With the day of the same number so many months later; with the last day of a month that has not that day.",
          "format": "uint32",
          "maximum": 1200,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "on": {
          "description": "With this day. What is given after it is worth nothing.",
          "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
          "type": [
            "string",
            "null"
          ]
        },
        "years": {
          "description": "With the same day so many years later; with 28 February where there is no 29th.",
          "format": "uint32",
          "maximum": 100,
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        }
      },
      "type": "object"
    },
    "MakeUp": {
      "additionalProperties": false,
      "description": "How missed days may be made up for: a `checked_in` event that names the day in `makeup_for`.",
      "properties": {
        "pays_daily_reward": {
          "default": false,
          "description": "Whether a day made up for earns the daily reward too; it always counts for streaks, totals and plans.",
          "type": "boolean"
        },
        "per_month": {
          "description": "How many in a calendar month (the month in which they are used).",
          "format": "uint32",
          "minimum": 0,
          "type": "integer"
        },
        "within_days": {
          "description": "How many days back at most.",
          "format": "uint32",
          "minimum": 0,
          "type": "integer"
        }
      },
      "required": [
        "per_month",
        "within_days"
      ],
      "type": "object"
    },
    "Milestone": {
      "additionalProperties": false,
      "description": "Something that happens when a customer holds so much of a unit.",
      "properties": {
        "at": {
          "description": "How much must be held, with what the event itself earns.",
          "format": "uint64",
          "minimum": 0,
          "type": "integer"
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "maxLength": 32,
          "pattern": "^[a-z0-9-]+$",
          "type": "string"
        },
        "rewards": {
          "default": [],
          "description": "What is given.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        },
        "tag": {
          "description": "A tag set on the customer.",
          "maxLength": 64,
          "pattern": "^[A-Za-z0-9._:/-]+$",
          "type": [
            "string",
            "null"
          ]
        },
        "unit": {
          "description": "points or growth.",
          "pattern": "^(points|growth)$",
          "type": "string"
        }
      },
      "required": [
        "id",
        "unit",
        "at"
      ],
      "type": "object"
    },
    "Plan": {
      "additionalProperties": false,
      "description": "A bonus for a plan of consecutive days, once for each customer.",
      "properties": {
        "allowed_misses": {
          "default": 0,
          "description": "How many of them may be missed.",
          "format": "uint32",
          "minimum": 0,
          "type": "integer"
        },
        "days": {
          "description": "How many days the plan lasts, from the customer's first day on.",
          "format": "uint32",
          "maximum": 366,
          "minimum": 1,
          "type": "integer"
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "maxLength": 32,
          "pattern": "^[a-z0-9-]+$",
          "type": "string"
        },
        "rewards": {
          "description": "What is given, as soon as enough days are done.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        }
      },
      "required": [
        "id",
        "days",
        "rewards"
      ],
      "type": "object"
    },
    "Prize": {
      "additionalProperties": false,
      "description": "One of several prizes.",
      "properties": {
        "rewards": {
          "description": "What is given; empty for a blank.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        },
        "weight": {
          "description": "How likely: with weights 1 and 3 the second comes three times in four.",
          "format": "uint32",
          "minimum": 0,
          "type": "integer"
        }
      },
      "required": [
        "weight",
        "rewards"
      ],
      "type": "object"
    },
    "PrizeRange": {
      "additionalProperties": false,
      "description": "A prize whose quantity is by chance.",
      "properties": {
        "from": {
          "description": "The least.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": "integer"
        },
        "to": {
          "description": "The most.",
          "format": "uint64",
          "maximum": 1000000000000000,
          "minimum": 1,
          "type": "integer"
        },
        "unit": {
          "description": "The unit, such as points.",
          "pattern": "^(points|growth|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$",
          "type": "string"
        }
      },
      "required": [
        "unit",
        "from",
        "to"
      ],
      "type": "object"
    },
    "Rounding": {
      "description": "Which way what is left over by a division goes.",
      "oneOf": [
        {
          "const": "down",
          "description": "It is dropped: 14.999 is 14.99.",
          "type": "string"
        },
        {
          "const": "half-up",
          "description": "To the nearest minor unit or point, a half up.",
          "type": "string"
        },
        {
          "const": "up",
          "description": "To the next minor unit or point: 14.991 is 15.00.",
          "type": "string"
        }
      ]
    },
    "ShortfallParam": {
      "description": "What to do when budget, stock or a limit does not allow all of a benefit.",
      "oneOf": [
        {
          "const": "refuse",
          "description": "Deny everything that the event would give.",
          "type": "string"
        },
        {
          "const": "reduce",
          "description": "Give what is left, if that is more than nothing.",
          "type": "string"
        },
        {
          "const": "skip",
          "description": "Leave this benefit out, give the others.",
          "type": "string"
        }
      ]
    },
    "Spend": {
      "additionalProperties": false,
      "description": "Rewards in proportion to money spent.",
      "properties": {
        "boosts": {
          "default": [],
          "description": "Better rates for returning buyers; `from_purchase` rises from rule to rule.",
          "items": {
            "$ref": "#/$defs/Boost"
          },
          "type": "array"
        },
        "minor_per_unit": {
          "description": "Minor units of money that earn one of the unit; what is left over earns nothing.",
          "format": "uint64",
          "minimum": 1,
          "type": "integer"
        },
        "on": {
          "description": "The payments that count.",
          "items": {
            "$ref": "#/$defs/Trigger"
          },
          "minItems": 1,
          "type": "array"
        },
        "pro_rata": {
          "default": false,
          "description": "Whether what is left over counts as well where a rate is better than the plain one.",
          "type": "boolean"
        },
        "rounding": {
          "$ref": "#/$defs/Rounding",
          "default": "down",
          "description": "Which way parts of a unit go."
        },
        "unit": {
          "description": "The unit given.",
          "pattern": "^(points|growth|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$",
          "type": "string"
        }
      },
      "required": [
        "on",
        "unit",
        "minor_per_unit"
      ],
      "type": "object"
    },
    "Streak": {
      "additionalProperties": false,
      "description": "A bonus for days in a row.",
      "properties": {
        "days": {
          "description": "How many days in a row; a reward for each day is in `rewards` of `daily`.",
          "format": "uint32",
          "minimum": 2,
          "type": "integer"
        },
        "each_day": {
          "default": false,
          "description": "Again for each further day of the same streak.",
          "type": "boolean"
        },
        "every": {
          "default": false,
          "description": "Again after each further so many days of the same streak; otherwise once a streak.",
          "type": "boolean"
        },
        "gap_days": {
          "default": 0,
          "description": "So many days may be missed between two days of the streak. Only days that are counted make it longer.",
          "format": "uint32",
          "maximum": 31,
          "minimum": 0,
          "type": "integer"
        },
        "rewards": {
          "description": "What is given.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        }
      },
      "required": [
        "days",
        "rewards"
      ],
      "type": "object"
    },
    "Task": {
      "additionalProperties": false,
      "description": "A fixed reward for an action.",
      "properties": {
        "id": {
          "description": "A stable name, part of the grant key.",
          "maxLength": 32,
          "pattern": "^[a-z0-9-]+$",
          "type": "string"
        },
        "on": {
          "$ref": "#/$defs/Trigger",
          "description": "The event that is rewarded."
        },
        "once": {
          "default": false,
          "description": "Once for each customer.",
          "type": "boolean"
        },
        "per_day": {
          "description": "At most so often on a local day.",
          "format": "uint32",
          "minimum": 1,
          "type": [
            "integer",
            "null"
          ]
        },
        "rewards": {
          "description": "What is given.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "minItems": 1,
          "type": "array"
        },
        "task": {
          "description": "Only for this task of a task-completed event.",
          "type": [
            "string",
            "null"
          ]
        }
      },
      "required": [
        "id",
        "on",
        "rewards"
      ],
      "type": "object"
    },
    "Total": {
      "additionalProperties": false,
      "description": "A bonus for a number of days.",
      "properties": {
        "days": {
          "description": "How many days; at most 7 within a week, 31 within a month and 366 within a year.",
          "format": "uint32",
          "minimum": 1,
          "type": "integer"
        },
        "every": {
          "default": false,
          "description": "Again with each further so many days within the same.",
          "type": "boolean"
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "maxLength": 32,
          "pattern": "^[a-z0-9-]+$",
          "type": "string"
        },
        "rewards": {
          "description": "What is given.",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          },
          "type": "array"
        },
        "within": {
          "$ref": "#/$defs/Within",
          "description": "Within what the days are counted."
        }
      },
      "required": [
        "id",
        "within",
        "days",
        "rewards"
      ],
      "type": "object"
    },
    "Trigger": {
      "description": "Something that happened.\n- `checked-in`: The actor checked in.\n- `login`: The actor logged in.\n- `chest-opened`: The actor opens the chest of the week.\n- `order-paid`: The actor paid an order.\n- `payment-offline-succeeded`: The actor paid in a shop.\n- `user-registered`: The actor registered.\n- `friend-user-registered`: Somebody whom the customer invited registered.\n- `user-profile-completed`: The actor completed the profile.\n- `task-completed`: The actor completed a task.\n- `review-posted`: The actor reviewed an order.\n- `share-performed`: The actor shared something.",
      "enum": [
        "checked-in",
        "login",
        "chest-opened",
        "order-paid",
        "payment-offline-succeeded",
        "user-registered",
        "friend-user-registered",
        "user-profile-completed",
        "task-completed",
        "review-posted",
        "share-performed"
      ],
      "type": "string"
    },
    "Within": {
      "description": "A window of days.",
      "oneOf": [
        {
          "const": "week",
          "description": "The ISO week, Monday to Sunday.",
          "type": "string"
        },
        {
          "const": "month",
          "description": "The calendar month.",
          "type": "string"
        },
        {
          "const": "year",
          "description": "The calendar year.",
          "type": "string"
        },
        {
          "const": "campaign",
          "description": "The whole campaign.",
          "type": "string"
        }
      ]
    }
  },
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "additionalProperties": false,
  "description": "Each part may be left out.",
  "properties": {
    "chest": {
      "anyOf": [
        {
          "$ref": "#/$defs/Chest"
        },
        {
          "type": "null"
        }
      ],
      "default": null,
      "description": "A chest that may be opened once in each ISO week."
    },
    "clock": {
      "$ref": "#/$defs/Clock",
      "default": "campaign",
      "description": "By whose clock a day is a day."
    },
    "daily": {
      "anyOf": [
        {
          "$ref": "#/$defs/Daily"
        },
        {
          "type": "null"
        }
      ],
      "default": null,
      "description": "Counts days and rewards them."
    },
    "day_begins": {
      "default": "00:00",
      "description": "When a day begins by the clock on the wall, such as 04:00: what is earlier belongs to the day before.",
      "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
      "type": "string"
    },
    "milestones": {
      "default": [],
      "description": "What happens when a customer has collected enough.",
      "items": {
        "$ref": "#/$defs/Milestone"
      },
      "maxItems": 16,
      "type": "array"
    },
    "spend": {
      "anyOf": [
        {
          "$ref": "#/$defs/Spend"
        },
        {
          "type": "null"
        }
      ],
      "default": null,
      "description": "Rewards in proportion to money spent."
    },
    "tasks": {
      "default": [],
      "description": "Fixed rewards for single actions.",
      "items": {
        "$ref": "#/$defs/Task"
      },
      "maxItems": 16,
      "type": "array"
    }
  },
  "title": "Params",
  "type": "object"
};
