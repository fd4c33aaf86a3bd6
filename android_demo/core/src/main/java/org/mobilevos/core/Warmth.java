package org.mobilevos.core;

import org.json.JSONException;
import org.json.JSONObject;

/** How warm a device is, as far as it says. It cannot be changed. */
public final class Warmth {
    /** The battery's degrees Celsius; null: unknown. */
    public final Double batteryCelsius;
    /** The battery's charge in percent; null: unknown. */
    public final Integer chargePercent;
    /** Android's thermal status, 0 (none) to 6 (shutting down); null: unknown, as before Android 10. */
    public final Integer throttling;

    /** What is known; null for what is not. */
    public Warmth(Double batteryCelsius, Integer chargePercent, Integer throttling) {
        this.batteryCelsius = batteryCelsius;
        this.chargePercent = chargePercent;
        this.throttling = throttling;
    }

    JSONObject toJson() throws JSONException {
        return new JSONObject()
                .put("battery_c", Json.orNull(batteryCelsius))
                .put("charge_percent", Json.orNull(chargePercent))
                .put("throttling", Json.orNull(throttling))
                .put("sensors_c", new JSONObject());
    }
}
