package org.mobilevos.core;

import java.io.InputStream;
import java.util.Scanner;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * What Python and Java must agree on. The values are not written here: {@code constants.json} comes from
 * {@code python -m mobilevos_sdk.constants}.
 */
final class Constants {
    private static final JSONObject JSON = read();

    static final String FORMAT = JSON.optString("format");
    static final int FORMAT_VERSION = JSON.optInt("format_version");
    static final String SPEC_NAME = JSON.optString("spec_name");
    static final String CHECKSUM_NAME = JSON.optString("checksum_name");
    static final String TFLITE_IDENTIFIER = JSON.optString("tflite_identifier");
    static final int SMALLEST_SIDE = JSON.optInt("smallest_side");
    static final double ROTATION_GAIN = JSON.optDouble("rotation_gain");
    static final int VIEW_PARTS = JSON.optInt("view_parts");
    static final double VIEW_MARGIN = JSON.optDouble("view_margin");
    static final double VIEW_ZOOM = JSON.optDouble("view_zoom");
    static final double VIEW_MAGNIFICATION = JSON.optDouble("view_magnification");
    static final double VIEW_WIDENING = JSON.optDouble("view_widening");
    static final double VIEW_NARROWING = JSON.optDouble("view_narrowing");
    static final double VIEW_FORGETTING = JSON.optDouble("view_forgetting");
    static final double VIEW_KEPT = JSON.optDouble("view_kept");
    static final double VIEW_EDGE = JSON.optDouble("view_edge");
    static final double HIDDEN_SHARE = JSON.optDouble("hidden_share");
    static final double AREA_FADING = JSON.optDouble("area_fading");
    static final int MAX_OBJECT_ID = JSON.optInt("max_object_id");
    static final double EPSILON = JSON.optDouble("epsilon");
    static final double FILL_OPACITY = JSON.optDouble("fill_opacity");
    static final int OUTLINE_ROWS = JSON.optInt("outline_rows");
    static final double OUTLINE_WIDTH = JSON.optDouble("outline_width");
    static final int MAX_BOXES = JSON.optInt("max_boxes");
    static final int LEAST_SIDE = JSON.optInt("least_side");
    static final double SURROUNDINGS = JSON.optDouble("surroundings");
    static final int LEAST_SURROUNDINGS = JSON.optInt("least_surroundings");
    static final int WORKING_SIDE = JSON.optInt("working_side");
    static final int ITERATIONS = JSON.optInt("iterations");
    static final double LEAST_FILL = JSON.optDouble("least_fill");
    static final double LEAST_PIECE = JSON.optDouble("least_piece");
    static final double ELLIPSE_SHARE = JSON.optDouble("ellipse_share");

    private Constants() {}

    private static JSONObject read() {
        InputStream stream = Constants.class.getResourceAsStream("constants.json");
        if (stream == null) {
            throw new IllegalStateException("constants.json is not in the build; add core's resources to it");
        }
        try (Scanner scanner = new Scanner(stream, "UTF-8").useDelimiter("\\A")) {
            return new JSONObject(scanner.next());
        } catch (JSONException error) {
            throw new IllegalStateException("constants.json is not JSON; write it again", error);
        }
    }
}
