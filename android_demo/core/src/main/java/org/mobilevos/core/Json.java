package org.mobilevos.core;

import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Small helpers for JSON. */
final class Json {
    private Json() {}

    /** A value, or JSON's null. */
    static Object orNull(Object value) {
        return value == null ? JSONObject.NULL : value;
    }

    static int[] integers(JSONArray array) throws JSONException {
        int[] values = new int[array.length()];
        for (int index = 0; index < values.length; index++) {
            values[index] = array.getInt(index);
        }
        return values;
    }
}
