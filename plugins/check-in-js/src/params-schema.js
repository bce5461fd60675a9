// The JSON Schema of the parameters: that of `check-in`, which derives it from its Rust types.

export default {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Params",
  "description": "Each part may be left out.",
  "type": "object",
  "properties": {
    "chest": {
      "description": "A chest that may be opened once in each ISO week.",
      "anyOf": [
        {
          "$ref": "#/$defs/Chest"
        },
        {
          "type": "null"
        }
      ],
      "default": null
    },
    "daily": {
      "description": "Counts days and rewards them.",
      "anyOf": [
        {
          "$ref": "#/$defs/Daily"
        },
        {
          "type": "null"
        }
      ],
      "default": null
    },
    "milestones": {
      "description": "What happens when a customer has collected enough.",
      "type": "array",
      "maxItems": 16,
      "default": [],
      "items": {
        "$ref": "#/$defs/Milestone"
      }
    },
    "spend": {
      "description": "Rewards in proportion to money spent.",
      "anyOf": [
        {
          "$ref": "#/$defs/Spend"
        },
        {
          "type": "null"
        }
      ],
      "default": null
    },
    "tasks": {
      "description": "Fixed rewards for single actions.",
      "type": "array",
      "maxItems": 16,
      "default": [],
      "items": {
        "$ref": "#/$defs/Task"
      }
    }
  },
  "additionalProperties": false,
  "$defs": {
    "BenefitParam": {
      "description": "A benefit in parameters: a quantity of a unit, a credit-limit raise, or a rate boost.\n\n```toml\n{ unit = \"points\", quantity = 5 }\n{ unit = \"coupon:interest-free-30d\", quantity = 1, expires_after_days = 30 }\n{ unit = \"credit-limit:CNY\", by = 50000, up_to = 20000000 }\n{ unit = \"rate-boost:deposit\", basis_points = 100, principal_cap = 1000000, expires_after_days = 30 }\n```",
      "type": "object",
      "properties": {
        "basis_points": {
          "description": "rate-boost: by so many hundredths of a per cent.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint32",
          "minimum": 1
        },
        "by": {
          "description": "credit-limit: raise by so much, in minor units.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        },
        "expires_after_days": {
          "description": "Worth nothing so many times 24 hours after the event. Without it, it does not expire.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint32",
          "minimum": 0
        },
        "hold_days": {
          "description": "Pending until so many times 24 hours after the event. Without it, it is given at once.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint32",
          "minimum": 0
        },
        "on_shortfall": {
          "description": "What to do when budget, stock or a limit does not allow all of it; refuse when absent.",
          "anyOf": [
            {
              "$ref": "#/$defs/ShortfallParam"
            },
            {
              "type": "null"
            }
          ]
        },
        "principal_cap": {
          "description": "rate-boost: on at most so much principal, in minor units.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        },
        "quantity": {
          "description": "How much of it; money in minor units. Not for credit-limit and rate-boost.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        },
        "unit": {
          "description": "What is given, such as points, growth, cash:CNY, coupon:welcome, item:phone, draw-chances:wheel,\nentitlement:priority, credit-limit:CNY or rate-boost:deposit.",
          "type": "string",
          "pattern": "^(points|growth|(cash|credit-limit):[A-Z]{3}|(coupon|item|draw-chances|entitlement|rate-boost):[A-Za-z0-9._/-]{1,64})$"
        },
        "up_to": {
          "description": "credit-limit: never above this limit, in minor units.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        }
      },
      "additionalProperties": false,
      "required": [
        "unit"
      ]
    },
    "Boost": {
      "description": "A better rate from some purchase on.",
      "type": "object",
      "properties": {
        "basis_points": {
          "description": "10,000 is the plain rate, 12,000 a fifth more.",
          "type": "integer",
          "format": "uint32",
          "minimum": 0
        },
        "from_purchase": {
          "description": "From the customer's so many-th purchase on.",
          "type": "integer",
          "format": "uint64",
          "minimum": 0
        }
      },
      "additionalProperties": false,
      "required": [
        "from_purchase",
        "basis_points"
      ]
    },
    "Chest": {
      "description": "A chest with a prize by chance: `range` or `prizes`.",
      "type": "object",
      "properties": {
        "needs_days": {
          "description": "How many days of the same week must have been counted before; 0 for none.",
          "type": "integer",
          "format": "uint32",
          "minimum": 0,
          "maximum": 7,
          "default": 1
        },
        "prizes": {
          "description": "One of these, by weight.",
          "type": "array",
          "maxItems": 16,
          "default": [],
          "items": {
            "$ref": "#/$defs/Prize"
          }
        },
        "range": {
          "description": "A quantity of a unit, each from `from` to `to` equally likely.",
          "anyOf": [
            {
              "$ref": "#/$defs/PrizeRange"
            },
            {
              "type": "null"
            }
          ]
        }
      },
      "additionalProperties": false
    },
    "Daily": {
      "description": "Counts the local days on which something happened, each once.",
      "type": "object",
      "properties": {
        "least_amount": {
          "description": "Payments below this many minor units do not count a day.",
          "type": "integer",
          "format": "uint64",
          "minimum": 0,
          "default": 0
        },
        "make_up": {
          "description": "Lets customers make up for missed days; without it they cannot.",
          "anyOf": [
            {
              "$ref": "#/$defs/MakeUp"
            },
            {
              "type": "null"
            }
          ]
        },
        "on": {
          "description": "The events that count a day.",
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "#/$defs/Trigger"
          }
        },
        "plans": {
          "description": "Given for keeping to a plan of days that begins with the customer's first day.",
          "type": "array",
          "maxItems": 16,
          "default": [],
          "items": {
            "$ref": "#/$defs/Plan"
          }
        },
        "rewards": {
          "description": "Given for each day.",
          "type": "array",
          "default": [],
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        },
        "streaks": {
          "description": "Given for days in a row; `days` rises from rule to rule.",
          "type": "array",
          "maxItems": 16,
          "default": [],
          "items": {
            "$ref": "#/$defs/Streak"
          }
        },
        "totals": {
          "description": "Given for a number of days within a week, a month or the campaign, in a row or not.",
          "type": "array",
          "maxItems": 16,
          "default": [],
          "items": {
            "$ref": "#/$defs/Total"
          }
        }
      },
      "additionalProperties": false,
      "required": [
        "on"
      ]
    },
    "MakeUp": {
      "description": "How missed days may be made up for: a `checked_in` event that names the day in `makeup_for`.",
      "type": "object",
      "properties": {
        "pays_daily_reward": {
          "description": "Whether a day made up for earns the daily reward too; it always counts for streaks, totals and plans.",
          "type": "boolean",
          "default": false
        },
        "per_month": {
          "description": "How many in a calendar month (the month in which they are used).",
          "type": "integer",
          "format": "uint32",
          "minimum": 0
        },
        "within_days": {
          "description": "How many days back at most.",
          "type": "integer",
          "format": "uint32",
          "minimum": 0
        }
      },
      "additionalProperties": false,
      "required": [
        "per_month",
        "within_days"
      ]
    },
    "Milestone": {
      "description": "Something that happens when a customer holds so much of a unit.",
      "type": "object",
      "properties": {
        "at": {
          "description": "How much must be held, with what the event itself earns.",
          "type": "integer",
          "format": "uint64",
          "minimum": 0
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "type": "string",
          "pattern": "^[a-z0-9-]{1,32}$"
        },
        "rewards": {
          "description": "What is given.",
          "type": "array",
          "default": [],
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        },
        "tag": {
          "description": "A tag set on the customer.",
          "type": [
            "string",
            "null"
          ],
          "pattern": "^[A-Za-z0-9._:/-]{1,64}$"
        },
        "unit": {
          "description": "points or growth.",
          "type": "string",
          "pattern": "^(points|growth)$"
        }
      },
      "additionalProperties": false,
      "required": [
        "id",
        "unit",
        "at"
      ]
    },
    "Plan": {
      "description": "A bonus for a plan of consecutive days, once for each customer.",
      "type": "object",
      "properties": {
        "allowed_misses": {
          "description": "How many of them may be missed.",
          "type": "integer",
          "format": "uint32",
          "minimum": 0,
          "default": 0
        },
        "days": {
          "description": "How many days the plan lasts, from the customer's first day on.",
          "type": "integer",
          "format": "uint32",
          "minimum": 1,
          "maximum": 366
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "type": "string",
          "pattern": "^[a-z0-9-]{1,32}$"
        },
        "rewards": {
          "description": "What is given, as soon as enough days are done.",
          "type": "array",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        }
      },
      "additionalProperties": false,
      "required": [
        "id",
        "days",
        "rewards"
      ]
    },
    "Prize": {
      "description": "One of several prizes.",
      "type": "object",
      "properties": {
        "rewards": {
          "description": "What is given; empty for a blank.",
          "type": "array",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        },
        "weight": {
          "description": "How likely: with weights 1 and 3 the second comes three times in four.",
          "type": "integer",
          "format": "uint32",
          "minimum": 0
        }
      },
      "additionalProperties": false,
      "required": [
        "weight",
        "rewards"
      ]
    },
    "PrizeRange": {
      "description": "A prize whose quantity is by chance.",
      "type": "object",
      "properties": {
        "from": {
          "description": "The least.",
          "type": "integer",
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        },
        "to": {
          "description": "The most.",
          "type": "integer",
          "format": "uint64",
          "minimum": 1,
          "maximum": 1000000000000000
        },
        "unit": {
          "description": "The unit, such as points.",
          "type": "string",
          "pattern": "^(points|growth|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$"
        }
      },
      "additionalProperties": false,
      "required": [
        "unit",
        "from",
        "to"
      ]
    },
    "ShortfallParam": {
      "description": "What to do when budget, stock or a limit does not allow all of a benefit.",
      "oneOf": [
        {
          "description": "Deny everything that the event would give.",
          "type": "string",
          "const": "refuse"
        },
        {
          "description": "Give what is left, if that is more than nothing.",
          "type": "string",
          "const": "reduce"
        },
        {
          "description": "Leave this benefit out, give the others.",
          "type": "string",
          "const": "skip"
        }
      ]
    },
    "Spend": {
      "description": "Rewards in proportion to money spent.",
      "type": "object",
      "properties": {
        "boosts": {
          "description": "Better rates for returning buyers; `from_purchase` rises from rule to rule.",
          "type": "array",
          "default": [],
          "items": {
            "$ref": "#/$defs/Boost"
          }
        },
        "minor_per_unit": {
          "description": "Minor units of money that earn one of the unit; what is left over earns nothing.",
          "type": "integer",
          "format": "uint64",
          "minimum": 1
        },
        "on": {
          "description": "The payments that count.",
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "#/$defs/Trigger"
          }
        },
        "unit": {
          "description": "The unit given.",
          "type": "string",
          "pattern": "^(points|growth|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$"
        }
      },
      "additionalProperties": false,
      "required": [
        "on",
        "unit",
        "minor_per_unit"
      ]
    },
    "Streak": {
      "description": "A bonus for days in a row.",
      "type": "object",
      "properties": {
        "days": {
          "description": "How many days in a row; a reward for each day is in `rewards` of `daily`.",
          "type": "integer",
          "format": "uint32",
          "minimum": 2
        },
        "every": {
          "description": "Again after each further so many days of the same streak; otherwise once a streak.",
          "type": "boolean",
          "default": false
        },
        "rewards": {
          "description": "What is given.",
          "type": "array",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        }
      },
      "additionalProperties": false,
      "required": [
        "days",
        "rewards"
      ]
    },
    "Task": {
      "description": "A fixed reward for an action.",
      "type": "object",
      "properties": {
        "id": {
          "description": "A stable name, part of the grant key.",
          "type": "string",
          "pattern": "^[a-z0-9-]{1,32}$"
        },
        "on": {
          "description": "The event that is rewarded.",
          "$ref": "#/$defs/Trigger"
        },
        "once": {
          "description": "Once for each customer.",
          "type": "boolean",
          "default": false
        },
        "per_day": {
          "description": "At most so often on a local day.",
          "type": [
            "integer",
            "null"
          ],
          "format": "uint32",
          "minimum": 1
        },
        "rewards": {
          "description": "What is given.",
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        },
        "task": {
          "description": "Only for this task of a task-completed event.",
          "type": [
            "string",
            "null"
          ]
        }
      },
      "additionalProperties": false,
      "required": [
        "id",
        "on",
        "rewards"
      ]
    },
    "Total": {
      "description": "A bonus for a number of days.",
      "type": "object",
      "properties": {
        "days": {
          "description": "How many days; at most 7 within a week and 31 within a month.",
          "type": "integer",
          "format": "uint32",
          "minimum": 1
        },
        "id": {
          "description": "A stable name, part of the grant key.",
          "type": "string",
          "pattern": "^[a-z0-9-]{1,32}$"
        },
        "rewards": {
          "description": "What is given.",
          "type": "array",
          "items": {
            "$ref": "#/$defs/BenefitParam"
          }
        },
        "within": {
          "description": "Within what the days are counted.",
          "$ref": "#/$defs/Within"
        }
      },
      "additionalProperties": false,
      "required": [
        "id",
        "within",
        "days",
        "rewards"
      ]
    },
    "Trigger": {
      "description": "Something that happened.",
      "oneOf": [
        {
          "description": "The actor checked in.",
          "type": "string",
          "const": "checked-in"
        },
        {
          "description": "The actor logged in.",
          "type": "string",
          "const": "login"
        },
        {
          "description": "The actor opens the chest of the week.",
          "type": "string",
          "const": "chest-opened"
        },
        {
          "description": "The actor paid an order.",
          "type": "string",
          "const": "order-paid"
        },
        {
          "description": "The actor paid in a shop.",
          "type": "string",
          "const": "payment-offline-succeeded"
        },
        {
          "description": "The actor registered.",
          "type": "string",
          "const": "user-registered"
        },
        {
          "description": "Somebody whom the customer invited registered.",
          "type": "string",
          "const": "friend-user-registered"
        },
        {
          "description": "The actor completed the profile.",
          "type": "string",
          "const": "user-profile-completed"
        },
        {
          "description": "The actor completed a task.",
          "type": "string",
          "const": "task-completed"
        },
        {
          "description": "The actor reviewed an order.",
          "type": "string",
          "const": "review-posted"
        },
        {
          "description": "The actor shared something.",
          "type": "string",
          "const": "share-performed"
        }
      ]
    },
    "Within": {
      "description": "A window of days.",
      "oneOf": [
        {
          "description": "The ISO week, Monday to Sunday.",
          "type": "string",
          "const": "week"
        },
        {
          "description": "The calendar month.",
          "type": "string",
          "const": "month"
        },
        {
          "description": "The whole campaign.",
          "type": "string",
          "const": "campaign"
        }
      ]
    }
  }
};
