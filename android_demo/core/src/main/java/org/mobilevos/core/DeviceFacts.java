package org.mobilevos.core;

import org.json.JSONException;
import org.json.JSONObject;

/** Which device a result is from. It cannot be changed. */
public final class DeviceFacts {
    /** What a phone's results say; those of {@code emulator} and {@code linux} are never shown as a phone's. */
    public static final String ANDROID = "android";

    /** {@code android}, {@code emulator} or {@code linux}. */
    public final String platform;
    /** Maker and model. */
    public final String name;
    /** Such as {@code Android 14 (API 34)}. */
    public final String system;
    /** Android's build fingerprint; null: unknown. */
    public final String build;
    /** Maker and model of the system on a chip; null: unknown. */
    public final String chip;
    /** Of native programs, such as {@code arm64-v8a}. */
    public final String abi;
    /** How many processor cores there are. */
    public final int cores;
    /** The GPU's maker, name and driver, as OpenGL has them; null: unknown. */
    public final String gpu;

    /** What is known; see the fields for what may be null. */
    public DeviceFacts(String platform, String name, String system, String build, String chip, String abi, int cores,
            String gpu) {
        this.platform = platform;
        this.name = name;
        this.system = system;
        this.build = build;
        this.chip = chip;
        this.abi = abi;
        this.cores = cores;
        this.gpu = gpu;
    }

    JSONObject toJson() throws JSONException {
        return new JSONObject()
                .put("platform", platform)
                .put("name", name)
                .put("system", system)
                .put("build", Json.orNull(build))
                .put("chip", Json.orNull(chip))
                .put("abi", abi)
                .put("cores", cores)
                .put("gpu", Json.orNull(gpu))
                .put("drivers", new JSONObject());
    }
}
