-- What the pictures of the documents show: a job over the messages of a shop, half way.
SET client_min_messages = warning;
CREATE EXTENSION gtlabel;
CREATE ROLE portal LOGIN;
CREATE ROLE maren LOGIN PASSWORD 'maren';
GRANT CREATE ON SCHEMA public TO maren;
SET ROLE maren;
CREATE TABLE message (id integer PRIMARY KEY, subject text, body text NOT NULL, channel text, received_at date, features float4[] NOT NULL);
INSERT INTO message
    SELECT n, subject[1 + n % 7], body[1 + n % 7], (ARRAY['mail', 'chat', 'form'])[1 + n % 3], date '2026-03-01' + n % 28,
           ARRAY[n % 7 + 0.9 * sin(n), (n % 7) * (n % 7) / 4.0 + 0.9 * cos(n), sin(3 * n)]
      FROM generate_series(1, 4000) n,
           (VALUES (ARRAY['Refund for order 4417', 'Parcel', 'Invoice', 'App does not open', 'Thank you', 'Change of address', 'Cancel'],
                    ARRAY[E'Hello,\n\nthe second lamp arrived broken, as you see in the picture. I do not want another one. Please send my money back to the card that I paid with.\n\nKind regards\nJonna',
                          'where is my parcel??? tracking says delivered but nobody was here',
                          'Could you put our VAT number on the invoice of March? Our accountant will not take it otherwise.',
                          E'Since the update it shows a white page and closes.\nPhone: 3 years old\nVersion: 8.1.0\n\nI have tried:\n  1. starting it again\n  2. starting the phone again\n  3. another network',
                          'Your colleague stayed on the line for forty minutes until it worked. That is all I wanted to say.',
                          'We move on the 12th. Everything after that should go to the new office, also what is on its way.',
                          'Please end my subscription at the end of the month, and tell me that you did.'])) v (subject, body);
SELECT gt_create_job('support', 'message', ARRAY['payment', 'delivery', 'product', 'account', 'praise', 'other'], key_column => 'id',
                     max_concurrent_task_count => 200, seed => 5, display_columns => ARRAY['subject', 'body', 'channel', 'received_at'],
                     instructions => E'# What is the message about?\n\nTake what the writer **wants**, not what went wrong before.\n\n- *payment*: charges, invoices, money back\n- *delivery*: where a parcel is, or should go\n- *product*: it is broken, or does not do what it should\n- *account*: passwords, subscriptions, addresses\n- *praise*: nothing is wanted\n- *other*: the rest\n\nTwo things in one message: the **first** one counts.') \g /dev/null
-- Six batches are answered, the seventh is open.
DO $$
DECLARE
    truth text[] := ARRAY['payment', 'delivery', 'payment', 'product', 'praise', 'delivery', 'account'];
BEGIN
    FOR i IN 1..6 LOOP
        PERFORM gt_annotate('support', array_agg(object_key), array_agg(truth[1 + object_key::integer % 7]), 'pipeline')
          FROM gt_tasks WHERE job_name = 'support' AND state = 'available';
        PERFORM gt_advance_job('support');
    END LOOP;
END $$;
